"""What a command's exit code says; ``docs/operations.md`` says what to do about it."""

OK = 0
STOPPED = 1  # documents are stopped or waiting; a document cannot go; something differs
WRONG = 2  # rules, settings or names
UNEXPECTED = 3
LOCKED = 4  # another run is at work
