"""Trains the score-aware network: a Llama that reads at each token what is known of the score (`models.features`).

`network` is the network in torch, `store` keeps the features of a corpus on disk, `crops` draws what each step sees,
`run` trains, and `checkpoint` writes the files that `models.inference` reads.
"""
