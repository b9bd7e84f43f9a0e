"""HTTP only: what is asked of the pool, and how its answers are shown. One module for each family of URIs."""
