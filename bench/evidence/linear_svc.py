"""Linear support vector machines of scikit-learn on one split; linear-svc.ts starts it and writes its inputs.

Usage: linear_svc.py FOLDER
FOLDER has rows.json ({"texts", "labels", "train", "test"}), and the n-grams of all texts in offsets.i32, ids.u32 and
counts.u8.
Prints one JSON object: predicted labels of the tested rows by method.
"""
import json
import sys

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC


def tfidf(texts, train, test, **options):
    """Returns the TF-IDF vectors of the training and of the tested rows. Only the training rows decide the terms."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
    return vectorizer.fit_transform(texts[train]), vectorizer.transform(texts[test])


def ngrams(folder, train, test):
    """Returns rows of log(1 + count) at unit length, with a column for every n-gram of the training rows."""
    offsets = np.fromfile(f"{folder}/offsets.i32", np.int32)
    ids = np.fromfile(f"{folder}/ids.u32", np.uint32)
    weights = np.log1p(np.fromfile(f"{folder}/counts.u8", np.uint8).astype(np.float64))
    distinct, columns = np.unique(ids, return_inverse=True)
    rows = csr_matrix((weights, columns.astype(np.int32), offsets), shape=(len(offsets) - 1, len(distinct)))
    known = np.flatnonzero(rows[train].getnnz(axis=0))
    return normalize(rows[train][:, known]), normalize(rows[test][:, known])


def predict(voting, tested, labels, c):
    return LinearSVC(C=c, dual=True, random_state=0).fit(voting, labels).predict(tested).tolist()


def main():
    folder = sys.argv[1]
    with open(f"{folder}/rows.json", encoding="utf-8") as file:
        rows = json.load(file)
    texts, train, test = np.array(rows["texts"], dtype=object), rows["train"], rows["test"]
    labels = np.array(rows["labels"])[train]
    words = tfidf(texts, train, test, ngram_range=(1, 2))
    characters = tfidf(texts, train, test, analyzer="char_wb", ngram_range=(2, 4), min_df=2)
    both = [hstack(sides).tocsr() for sides in zip(words, characters)]
    print(json.dumps({
        "words": predict(*words, labels, c=1),
        "characters": predict(*both, labels, c=1),
        "ngrams": predict(*ngrams(folder, train, test), labels, c=10),
    }))


main()
