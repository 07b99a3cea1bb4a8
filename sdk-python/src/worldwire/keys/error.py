"""The one error of this package."""


class KeyUnavailableError(Exception):
    """A key that is needed is not here, or no key can be read or made.

    An outage and not a failure: nothing is wrong with the run, which goes on when the key is put
    back. The message names the run, the missing key and the keys at hand by their fingerprints, and
    holds no key.
    """
