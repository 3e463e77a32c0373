"""Where the files of measurements are: a hundred in a directory, a hundred directories in one above."""

FILES_IN_A_DIRECTORY = 100

TIME = 1_600_000_000
"""When keys that exist in name only were written, in seconds since 1970."""


def path(number: int) -> str:
    """Returns the path of the file of this number; the order of paths is that of numbers."""
    return f"d{number // 10_000:03}/s{number // FILES_IN_A_DIRECTORY % 100:02}/file-{number:07}"


def numbers(directory: str, files: int) -> tuple[int, int]:
    """Returns the number of the first file of a directory, named with `/` at its end, and of the first one after it."""
    names = directory.split("/")[:-1]
    if not names:
        return 0, files
    first = int(names[0][1:]) * 10_000
    if len(names) == 1:
        return first, min(first + 10_000, files)
    first += int(names[1][1:]) * FILES_IN_A_DIRECTORY
    return first, min(first + FILES_IN_A_DIRECTORY, files)
