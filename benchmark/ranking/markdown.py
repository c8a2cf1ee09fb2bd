"""Text of strangers in Markdown: names, titles and reasons are shown as they are and can be nothing else.

In a README on a code host, `[x](javascript:...)`, `![](https://...)`, `<img>` and `$...$` would be a link, a
picture and a formula.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: Control characters, marks that turn the direction of writing, halves of characters, and places without a
#: character.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})


def printable(text: str) -> str:
    r"""One line that can be written as UTF-8: what cannot be seen is shown by its number.

    Example:
        >>> printable("a" + chr(0x202e) + "b")
        'a\\u202eb'
    """
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in _UNPRINTABLE else letter
        for letter in " ".join(text.split())
    )


def plain(text: str) -> str:
    r"""Text that means nothing to Markdown.

    Example:
        >>> plain("![x](https://a.b) _c_ d_e")
        '!&#91;x&#93;(https:\\//a.b) \\_c\\_ d_e'
    """
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"[\\`*~]", lambda found: f"\\{found[0]}", text)
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    # A backslash does not keep a code host from taking dollar signs for a formula.
    text = re.sub(r"[\[\]$]", lambda found: f"&#{ord(found[0])};", text)
    # Addresses become links by themselves unless they are broken.
    return re.sub(r"(?i)\bwww\.", lambda found: f"{found[0][:-1]}\\.", text.replace("://", ":\\//"))


def code(text: str) -> str:
    """Text between backticks, as many as it takes.

    Example:
        >>> code("si_noisy"), code("a`b")
        ('`si_noisy`', '`` a`b ``')
    """
    text = printable(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    if not longest:
        return f"`{text}`"
    return f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 2) -> str:
    """A table whose first `words` columns are text and the rest numbers; its cells are Markdown."""
    align = [":---"] * words + ["---:"] * (len(head) - words)
    return "\n".join(f"| {' | '.join(_cell(text) for text in row)} |" for row in [head, align, *rows])


def formula_free(text: str) -> str:
    """A cell of a CSV that no spreadsheet takes for a formula.

    Example:
        >>> formula_free("=1+1"), formula_free("dtln+ridge")
        ("'=1+1", 'dtln+ridge')
    """
    text = printable(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
