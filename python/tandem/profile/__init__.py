"""Where the time of a program goes: per kernel, per operation, per line, with what was fused and
why something was not.

``python -m tandem profile program.py`` from a shell, and in a program or notebook::

    from tandem.profile import profile

    with profile() as found:
        mx.eval(x)
    print(found)
"""

from tandem.profile.measure import Profile, profile

__all__ = ["Profile", "profile"]
