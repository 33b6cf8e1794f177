"""The commands of assay-quantize, one file each: HELP, configure(parser) and run(options, task)."""
