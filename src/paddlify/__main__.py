"""`python -m paddlify` is the command `paddlify`."""

from paddlify.cli import main

main()
