#!/usr/bin/env python3
"""Judges samples: are they read as the digit that was asked for, as varied as real digits, and not copies of them?

    python classify.py --train reader.pt --size 20             # a small CNN; reports its accuracy on held-out digits
    python classify.py --model reader.pt samples.npy           # rows in the order of the classes: all the zeros first
    python classify.py --model reader.pt samples.npy --classes 7,7,3,3

samples.npy is uint8 (N, H, W), as `ditc sample -o samples.npy` and sample.py write it. --classes names the class of each
sample; a list shorter than the file is spread evenly over it (the default 0,1,...,9: a tenth of the file each).
"""
import argparse
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import train


def network():
    def stage(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(),
                             nn.Conv2d(o, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential(stage(1, 24), stage(24, 48), nn.Flatten(), nn.Dropout(0.3), nn.LazyLinear(96), nn.ReLU(),
                         nn.Dropout(0.3), nn.Linear(96, train.CLASSES))


def fit(path, size, epochs, seed=1):
    torch.manual_seed(seed)
    x, y, test_x, test_y = train.digits()
    net = network()
    net(torch.zeros(2, 1, size, size))
    steps, batch = epochs * len(x) // 100, 100
    adam = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    for step in range(steps):
        i = torch.randint(len(x), (batch,))
        for group in adam.param_groups:
            group["lr"] = 3e-3 * (1 - step / steps)
        loss = F.cross_entropy(net(train.resample(x[i], size, augment=True)), y[i], label_smoothing=0.05)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 200 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)
    net.eval()
    with torch.no_grad():
        right = net(train.resample(test_x, size)).argmax(1) == test_y
    print(f"held-out digits read correctly: {right.sum().item()} of {len(right)} = {right.float().mean():.4f}")
    torch.save({"net": net.state_dict(), "size": size}, path)


def load(path):
    s = torch.load(path, weights_only=True)
    net = network()
    net(torch.zeros(2, 1, s["size"], s["size"]))
    net.load_state_dict(s["net"])
    return net.eval()


@torch.no_grad()
def read(net, samples):
    x = torch.tensor(samples)[:, None].float() / 127.5 - 1
    return torch.cat([net(part).argmax(1) for part in x.split(200)]).numpy()


def variance(images, labels):
    """The variance of a pixel among images of one class, averaged over pixels and classes."""
    return np.mean([images[labels == c].var(0).mean() for c in np.unique(labels)])


def nearest(images, others):
    """The distance of each image to the nearest of the others, both (N, pixels)."""
    return np.concatenate([np.sqrt(np.maximum((a * a).sum(1)[:, None] - 2 * a @ others.T + (others * others).sum(1), 0)).min(1)
                           for a in np.array_split(images, max(1, len(images) // 100))])


def shifted(images):
    """The images (N, H, W) moved by up to a pixel each way, flat: (9 N, H * W)."""
    n, h, w = images.shape
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return np.concatenate([wide[:, i:i + h, j:j + w].reshape(n, -1) for i in range(3) for j in range(3)])


def judge(net, samples, asked):
    got = read(net, samples)
    for c in np.unique(asked):
        mine = asked == c
        wrong = [f"{np.sum(got[mine] == d)} as {d}" for d in range(train.CLASSES) if d != c and np.any(got[mine] == d)]
        print(f"  {c}: {np.mean(got[mine] == c):.3f} of {mine.sum()}" + (f"   ({', '.join(wrong)})" if wrong else ""))
    right = np.mean(got == asked)
    print(f"read as asked: {right:.4f} of {len(asked)}")

    train_x, train_y, test_x, test_y = train.digits()
    size = samples.shape[1]
    real, held = ((train.resample(x, size)[:, 0].numpy() + 1) / 2 for x in (train_x, test_x))
    drawn = samples.astype(np.float32) / 255
    keep = np.isin(train_y.numpy(), np.unique(asked))
    ratio = variance(drawn, asked) / variance(real[keep], train_y.numpy()[keep])
    print(f"variance within a class, samples over real digits: {ratio:.3f}")
    others = shifted(real)
    a, b = (nearest(x.reshape(len(x), -1), others) for x in (drawn, held))
    print(f"distance to the nearest training digit, moved by up to a pixel; median (1st percentile, least): samples "
          f"{np.median(a):.2f} ({np.quantile(a, 0.01):.2f}, {a.min():.2f}), held-out real digits "
          f"{np.median(b):.2f} ({np.quantile(b, 0.01):.2f}, {b.min():.2f})")
    return right, ratio


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("samples", nargs="*", help=".npy files")
    a.add_argument("--train", metavar="FILE", help="train the classifier and write it here")
    a.add_argument("--size", type=int, default=20, help="side of the images it will read")
    a.add_argument("--epochs", type=int, default=30)
    a.add_argument("--model", metavar="FILE")
    a.add_argument("--classes", default="0,1,2,3,4,5,6,7,8,9")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--require", type=float, default=0.0, help="exit 1 when a smaller part is read as asked")
    o = a.parse_args()
    torch.set_num_threads(o.threads)
    if o.train:
        fit(o.train, o.size, o.epochs)
        o.model = o.model or o.train
    poor = False
    for path in o.samples:
        samples, classes = np.load(path), np.array([int(c) for c in o.classes.split(",")])
        if samples.dtype != np.uint8 or samples.ndim != 3 or len(samples) % len(classes):
            sys.exit(f"{path}: must be uint8 (N, H, W) with N a multiple of {len(classes)}, but is {samples.dtype} {samples.shape}")
        print(path)
        right, _ = judge(load(o.model), samples, np.repeat(classes, len(samples) // len(classes)))
        poor |= right < o.require
    sys.exit(1 if poor else 0)


if __name__ == "__main__":
    main()
