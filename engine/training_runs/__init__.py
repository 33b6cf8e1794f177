"""Training runs as folders and processes: started, watched, stopped, gone on with, deleted.

Nothing here trains. `assay-train` does, in a process of its own that outlives the window.
"""
