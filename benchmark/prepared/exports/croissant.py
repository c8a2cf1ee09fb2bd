"""Croissant: a description of the prepared corpus itself, for tools that load or search data sets by it.

OUT/croissant.json         by default in the corpus' own folder, to whose files it refers
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark import corpora
from benchmark.files import write_text
from benchmark.mixing import manifest
from benchmark.mixing.audio_store import AudioFiles
from benchmark.mixing.layout import CROISSANT, MANIFEST, UTTERANCES
from benchmark.prepared.corpus import PreparedCorpus

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_KINDS = {"string": "sc:Text", "bool": "sc:Boolean", "double": "sc:Float"}
_KEYS = {"mixtures": "mixture_id", "utterances": "utterance_id"}
_COLUMNS = {"mixtures": manifest.MIXTURES, "utterances": manifest.UTTERANCES}


def write(corpus: PreparedCorpus, out: Path, splits: list[str]) -> list[Path]:
    """Writes the description of the whole corpus; `splits` makes no difference."""
    speech = corpora.get(corpus.recipe.speech.corpus)
    below = os.path.relpath(corpus.folder.absolute(), out.absolute())
    files = {"mixtures": MANIFEST, "utterances": UTTERANCES}
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": corpus.recipe.name,
        "version": f"{corpus.recipe.version}.0.0",
        "description": (
            f"Noisy speech with the movements of the articulators, made from {speech.title} by SINBAD. "
            f"Targets: {corpus.facts['targets']}, 100 frames a second. Content "
            f"{corpus.facts['content_sha256']}."
        ),
        "datePublished": date.fromtimestamp((corpus.folder / MANIFEST).stat().st_mtime).isoformat(),
        "license": speech.licence,
        "citeAs": speech.citation,
        "url": speech.home,
        "distribution": [
            *(_file(corpus.folder / name, below) for name in files.values()),
            _audio(corpus, below),
            _file_set("trajectories", "application/x-parquet", f"{below}/trajectories/**/*.parquet"),
        ],
        "recordSet": [_records(kind, name) for kind, name in files.items()],
    }
    path = out / CROISSANT
    write_text(path, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    return [path]


def _audio(corpus: PreparedCorpus, below: str) -> dict[str, Any]:
    if isinstance(corpus.audio, AudioFiles):
        return _file_set("audio", "audio/x-flac", f"{below}/audio/**/*.flac")
    return _file_set("audio", "application/x-parquet", f"{below}/shards/**/*.parquet")


def _file(path: Path, below: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": os.path.normpath(f"{below}/{path.name}"),
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _file_set(name: str, encoding: str, includes: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "encodingFormat": encoding,
        "includes": os.path.normpath(includes),
    }


def _records(kind: str, file: str) -> dict[str, Any]:
    """The columns of a table that hold one value a row."""
    return {
        "@type": "cr:RecordSet",
        "@id": kind,
        "name": kind,
        "key": {"@id": f"{kind}/{_KEYS[kind]}"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{kind}/{column.name}",
                "name": column.name,
                "dataType": _KINDS.get(str(column.type), "sc:Integer"),
                "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
            }
            for column in _COLUMNS[kind]
            if not pa.types.is_list(column.type)
        ],
    }
