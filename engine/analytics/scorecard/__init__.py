"""How much speaks for a token being a trap: open points with reasons, never a verdict from a model.

`facts` holds what is known and from where, `text`, `rows` and `impersonation` read it, `criteria`
gives the points, `score` adds them up. An unknown fact leaves its points open: the band gets wider,
and neither of its ends ever gets lower than it would be for the best answer.
"""
