"""Text that others wrote, made fit to be printed, stored and used as a name."""

from __future__ import annotations

import re

#: What a spreadsheet takes for the beginning of a formula, and a shell for a hidden file or an option.
_NOT_FIRST = "=+-@."
_LONGEST_NAME = 80


def printable(text: str) -> str:
    r"""The text with everything escaped that cannot be printed or encoded: controls, lone surrogates.

    Args:
        text: For instance the message of a model's exception, or a file name that is not UTF-8.

    Example:
        >>> printable("caf\udce9.wav")
        'caf\\udce9.wav'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def as_name(text: str) -> str:
    """The text as the name of a model: a folder, a cell of a table, and no formula in a spreadsheet.

    Example:
        >>> as_name("=1+1 ü")
        '1+1_ü'
    """
    return re.sub(r"[^\w.,+=@-]", "_", text).lstrip(_NOT_FIRST)[:_LONGEST_NAME] or "model"


def name_fault(name: str) -> str:
    """What is wrong with the name of a model, or "" if it can be used.

    Example:
        >>> name_fault("my_model,gain=2")
        ''
        >>> name_fault("=1+1")
        "begins with '=', which a spreadsheet takes for a formula"
    """
    if name.startswith(("=", "+", "-", "@")):
        return f"begins with '{name[0]}', which a spreadsheet takes for a formula"
    if name.startswith(".") or not re.fullmatch(rf"[\w.,+=@-]{{1,{_LONGEST_NAME}}}", name):
        return f"will be a folder: letters, digits and . , + = @ - _ only, at most {_LONGEST_NAME}"
    return ""
