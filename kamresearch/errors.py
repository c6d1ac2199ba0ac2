"""Errors for people: where, what was expected, what was found, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class KamError(Exception):
    """Base of every error that a user can act on.

    Parameters
    ----------
    where : str
        The file, table, column, parameter or study in question.
    expected, found : str
        What should have been there, and what was there instead (count and first offenders).
    remedy : str
        What the user can do about it.

    Examples
    --------
    >>> print(KamError("orders.csv, column 'revenue'", "numbers", "3 texts: 'n/a', '-', 'tbc'", "clean or map them"))
    orders.csv, column 'revenue': expected numbers; found 3 texts: 'n/a', '-', 'tbc'. To do: clean
    or map them.
    """  # noqa: E501

    exit_code = 2

    def __init__(self, where: str, expected: str, found: str, remedy: str) -> None:
        self.where, self.expected, self.found, self.remedy = where, expected, found, remedy
        super().__init__(
            f"{where}: expected {expected}; {_sentence(f'found {found}')} To do: "
            f"{_sentence(remedy)}"
        )

    def __reduce__(self) -> tuple:
        # Exception pickles its message alone; workers must hand the four parts back to the parent.
        return type(self), (self.where, self.expected, self.found, self.remedy)


def _sentence(words: str) -> str:
    """Words with one stop at their end, whatever they end in.

    >>> _sentence("did you mean 'horizon'?"), _sentence("choose another.."), _sentence("mend it")
    ("did you mean 'horizon'?", 'choose another.', 'mend it.')
    """
    return words if words.endswith(("?", "!", "…")) else words.rstrip(".") + "."


class DataError(KamError):
    """A table, column or file is not what the data contract asks for."""


class ParameterError(KamError):
    """A parameter has an unknown name, a wrong type or a value out of range."""


class AnalysisError(KamError):
    """An analysis was asked for what its input cannot support."""


class StudyError(KamError):
    """A study failed, or lost something that it declares."""

    exit_code = 1


class StoreError(KamError):
    """A version cannot be found, read, sealed or trusted."""


def near_matches(name: str, options: Iterable[str]) -> str:
    """Words for an error's remedy: the options nearest to a name, else all of them.

    >>> near_matches("horizn", ["horizon", "as_of"])
    "did you mean 'horizon'?"
    >>> near_matches("xyz", ["horizon", "as_of"])
    "choose one of 'as_of', 'horizon'"
    """
    options = sorted(set(options))
    close = get_close_matches(name, options, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(option) for option in close) + "?"
    if not options:
        return "there is nothing to choose from"
    shown = ", ".join(repr(option) for option in options[:12])
    return f"choose one of {shown}" + (" …" if len(options) > 12 else "")


def first_offenders(values: Iterable[object], most: int = 3) -> str:
    """Count and first few of the offending values, cut to a readable length.

    >>> first_offenders(["a", "b", "c", "d"])
    "4: 'a', 'b', 'c' …"
    """
    values = list(values)
    shown = ", ".join(repr(str(value)[:60]) for value in values[:most])
    return f"{len(values)}: {shown}" + (" …" if len(values) > most else "")
