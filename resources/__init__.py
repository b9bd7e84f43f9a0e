"""HTTP only: requests are parsed, responses rendered. One module per family of URIs."""
