"""Features and logits of made-up images, and the figures of `ditc evaluate` by
numpy and scipy: evaluation/{real,fake,few}.npz and evaluation/expected.json.

The formulas are those of the ADM evaluation suite: scipy's sqrtm for the Frechet
distance, softmax and parts for the Inception score, k-th nearest neighbours for
precision and recall. numpy 2.4, scipy 1.17.
"""
import json
import pathlib

import numpy as np
import scipy.linalg
import scipy.special

HERE = pathlib.Path(__file__).parent / "evaluation"


def frechet(mu1, sigma1, mu2, sigma2):
    root = scipy.linalg.sqrtm(sigma1 @ sigma2)
    difference = mu1 - mu2
    return float(difference @ difference + np.trace(sigma1) + np.trace(sigma2)
                 - 2 * np.trace(root).real)


def fit(features):
    features = features.astype(np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False)


def inception(logits, part_size):
    scores = []
    for i in range(0, len(logits), part_size):
        p = scipy.special.softmax(logits[i:i + part_size].astype(np.float64), axis=1)
        kl = p * (np.log(p) - np.log(p.mean(axis=0, keepdims=True)))
        scores.append(np.exp(kl.sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def within(images, manifold, k):
    images, manifold = images.astype(np.float64), manifold.astype(np.float64)
    own = scipy.spatial.distance.cdist(manifold, manifold)
    radius = np.sort(own, axis=1)[:, k]
    return float((scipy.spatial.distance.cdist(images, manifold) <= radius)
                 .any(axis=1).mean())


def main():
    random = np.random.default_rng(7)
    HERE.mkdir(exist_ok=True)
    mix = random.normal(size=(24, 24)) / 4
    real = (random.normal(size=(300, 24)) @ mix).astype(np.float32)
    fake = (random.normal(size=(250, 24)) @ mix * 0.8 + 0.25).astype(np.float32)
    fake[100:] += 0.5 * random.normal(size=(150, 24)).astype(np.float32)
    few = real[:10] * 1.5
    logits = (3 * random.normal(size=(250, 10))).astype(np.float32)
    spatial_real = random.normal(size=(300, 7))
    spatial_fake = random.normal(size=(250, 7)) * 1.2
    mu_s, sigma_s = fit(spatial_real)
    np.savez(HERE / "real.npz", features=real, mu_s=mu_s, sigma_s=sigma_s)
    np.savez(HERE / "fake.npz", features=fake, logits=logits,
             spatial_features=spatial_fake)
    np.savez(HERE / "few.npz", features=few)
    np.savez_compressed(HERE / "compressed.npz", features=few)

    expected = {
        "frechet_distance": frechet(*fit(real), *fit(fake)),
        "spatial_frechet_distance": frechet(mu_s, sigma_s, *fit(spatial_fake)),
        "inception_score": inception(logits, 100)[0],
        "inception_score_deviation": inception(logits, 100)[1],
        "precision": within(fake, real, 3),
        "recall": within(real, fake, 3),
        "few_frechet_distance": frechet(*fit(real), *fit(few)),
        "five_neighbours": [within(fake, real, 5), within(real, fake, 5)],
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    import scipy.spatial
    main()
