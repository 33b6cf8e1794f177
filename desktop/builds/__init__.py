"""The wizard that makes a smaller model, and the builds that run, wait or have failed."""
