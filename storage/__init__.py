"""Documents on disk: the contract every store keeps (`base`), and the flat files that keep it (`flat`)."""
