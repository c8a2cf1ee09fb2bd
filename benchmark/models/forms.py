"""The forms of a SPEC, which says what model is meant: for help and for messages."""

FORMS = (
    "a registered name; path/to/file.py:Class; package.module:Class; trained:DIR; encoder:NAME@LAYER; "
    "'command:PROGRAM {in} {out}'; predictions:DIR; or two of them joined by '+' (enhance, "
    "then invert or represent)"
)
