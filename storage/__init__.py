"""Documents on disk: the contract of a store (`base`, `flow_store`), and its implementation in flat files (`flat`)."""
