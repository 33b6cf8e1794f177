"""The model child: the one place where llama.cpp runs, locked in."""
