"""A bench for diagnoses: faults of known kinds planted in working features, and what is made of their failures.

Knows nothing of how a diagnosis is made; it asks one function (`adapter.Diagnoser`), and shares no code with it.

    corpora, wording      real documents with questions whose answers are known
    places                each corpus synced once, and copied for each world
    features, prompts     the features: answers, answers after a query is made, a field taken out, messages sorted
    reader, prompt_read   the model that answers from the prompt it is sent, with hidden ways that are drawn
    worlds, verifying     a feature, its corpus, its reader, its past, and a verifier that errs
    faults, faults_corpus what is broken, and how
    planting              a fault that took: the case passed before and fails after
    naive, substituting   two naive methods to be held against
    running, scorecard    what is said of each fault, whether it helps, and the figures

What a diagnoser finds in a world is an ordinary project: slots `answer`, `docs` and sometimes `rewrite`, guards `shape`
and `grounded`, models named in the configuration's prices at two endpoints (`reader:` and `mirror:`), a store that
mostly holds recordings of before, under releases with a name or without.
"""
