"""The commands of an owner: one module each, with `add(subparsers)`."""
