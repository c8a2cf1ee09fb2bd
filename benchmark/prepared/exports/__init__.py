"""A prepared corpus in the forms that other tools read: lhotse, Hugging Face, Kaldi, pandas, Croissant.

None of these tools is needed to write them, and no audio is copied but into the files of Hugging Face.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports import croissant, hugging_face, kaldi, lhotse, table

#: Name of a form to what writes it for some splits of a corpus and returns the files.
FORMS: dict[str, Callable[[PreparedCorpus, Path, list[str]], list[Path]]] = {
    "lhotse": lhotse.write,
    "huggingface": hugging_face.write,
    "kaldi": kaldi.write,
    "pandas": table.write,
    "croissant": croissant.write,
}
