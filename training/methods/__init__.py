"""One file per `assay-train NAME`: its Config, and run(), which puts the parts together."""
