"""The exception whose text the user is told, without a traceback."""


class Failure(Exception):
    pass
