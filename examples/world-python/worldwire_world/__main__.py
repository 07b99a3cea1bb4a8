"""`python -m worldwire_world`: serves the World."""

from .server import main

main()
