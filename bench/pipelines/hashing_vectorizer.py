"""Peer of the embedding benchmark: reads texts as a line of JSON, then vectorises them for every line that follows."""

import json
import sys

from sklearn.feature_extraction.text import HashingVectorizer

orders = int(sys.argv[1])
texts = json.loads(sys.stdin.readline())
vectorizer = HashingVectorizer(ngram_range=(1, orders))
for _ in sys.stdin:
    print(vectorizer.transform(texts).nnz, flush=True)
