"""The five models of the timing table in other frameworks: `python3 -m peers.jax --help`, with this folder's parent in
PYTHONPATH. A module per framework holds its models alone; what they share lies in rows, data, weights and peer."""
