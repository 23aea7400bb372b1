"""Solutions of all exercises as a learner would write them, in plain NumPy: what is put in the place of
`raise NotImplementedError`. They share nothing with the grader's answers, most of which are the library's.
"""

SOLUTIONS = {
    "01": {
        "slope": """
            return 5 * w - 19
            """,
        "three_steps": """
            return np.array([2.4, 3.1, 3.45])
            """,
        "fate": """
            return 0.5, 3.8, 0.4
            """,
    },
    "02": {
        "mul_rules": """
            return g * b, g * a
            """,
        "sum_rule": """
            return np.full(x.shape, g)
            """,
        "unbroadcast": """
            new = g.ndim - len(shape)
            axes = tuple(i for i in range(g.ndim) if i < new or shape[i - new] != g.shape[i])
            return g.sum(axes).reshape(shape)
            """,
    },
    "03": {
        "cannot_fail": """
            return "C, d, G"
            """,
        "wrong_gradient": """
            d = 3 * x ** 2 / 1e6
            d[1:] = 0
            return d
            """,
        "my_check": """
            return np.allclose(g(X), numbers(X), rtol=1e-4, atol=0)
            """,
    },
    "04": {
        "mse_grad": """
            return 2 * (pred - target) / pred.size
            """,
        "cube_grad": """
            e = pred - target
            return 3 * e * abs(e) / pred.size
            """,
    },
    "05": {
        "huber_grad": """
            return np.clip(pred - target, -delta, delta) / pred.size
            """,
        "huber_kernel": """
            e = pred - target
            s = delta if e > delta else -delta if e < -delta else e
            return s * (e - s / 2), s
            """,
    },
    "06": {
        "mae_kernel": """
            e = pred - target
            if e > 0: return e, 1.0
            if e < 0: return -e, -1.0
            return e, e
            """,
        "witness": """
            return 5.0, 0.0, 2.0
            """,
        "mended": """
            e = pred - target
            if abs(e) < beta:
                return e * e / (2 * beta), e / beta
            return abs(e) - beta / 2, 1.0 if e > 0 else -1.0
            """,
    },
    "07": {
        "stable_bce": """
            sp = lambda z: np.maximum(z, 0) + np.log1p(np.exp(-abs(z)))
            return np.where(y == 0, 0, y * sp(-z)) + np.where(y == 1, 0, (1 - y) * sp(z))
            """,
        "stable_bce_slope": """
            e = np.exp(-abs(z))
            s = np.where(z >= 0, 1, e) / (1 + e)
            t = np.where(z <= 0, 1, e) / (1 + e)
            return (1 - y) * s - y * t
            """,
    },
    "08": {
        "alpha_t": """
            return alpha * y + (1 - alpha) * (1 - y)
            """,
        "focal_loss": """
            q = np.where(y == 1, 1 - p, p)
            return alpha_t(y, alpha) * q ** gamma * -np.log(1 - q)
            """,
        "focal_slope": """
            q = np.where(y == 1, 1 - p, p)
            s = np.where(q > 0, q, 0.5)
            f = gamma * s ** (gamma - 1) * -np.log(1 - s) + s ** gamma / (1 - s)
            return np.where(q > 0, f, 0) * np.where(y == 1, -1, 1)
            """,
    },
    "09": {
        "softmax_backward": """
            p = softmax(z)
            return p * (g - (g * p).sum(axis=-1, keepdims=True))
            """,
        "cross_entropy_slope": """
            d = softmax(z)
            d[np.arange(len(z)), labels] -= 1
            return d / len(z)
            """,
    },
    "10": {
        "gather": """
            return p[np.arange(len(p)), labels]
            """,
        "gather_backward": """
            d = np.zeros(p.shape)
            d[np.arange(len(p)), labels] = g
            return d
            """,
        "table_backward": """
            d = np.zeros(table.shape)
            np.add.at(d, words, g)
            return d
            """,
    },
    "11": {
        "squared_hinge": """
            return np.maximum(0, 1 - y * z) ** 2
            """,
        "squared_hinge_slope": """
            return -2 * y * np.maximum(0, 1 - y * z)
            """,
    },
    "12": {
        "kl": """
            s = t > 0
            return np.sum(t * (np.log(np.where(s, t, 1)) - np.log(np.where(s, p, 1)))) / len(p)
            """,
        "kl_slope": """
            return np.where(t > 0, -t / np.where(t > 0, p, 1), 0) / len(p)
            """,
        "kl_slope_logits": """
            return (p - t) / len(p)
            """,
    },
    "13": {
        "dice": """
            return 1 - (2 * (p * t).sum() + smooth) / (p.sum() + t.sum() + smooth)
            """,
        "dice_slope": """
            I = 2 * (p * t).sum() + smooth
            S = p.sum() + t.sum() + smooth
            return (I - 2 * t * S) / S ** 2
            """,
        "dice_slope_each": """
            return np.stack([dice_slope(a, b, smooth) for a, b in zip(p, t)]) / len(p)
            """,
    },
    "14": {
        "length": """
            s = abs(x).max(axis=1, keepdims=True)
            u = x / np.where(s > 0, s, 1)
            return s[:, 0] * np.sqrt((u ** 2).sum(axis=1))
            """,
        "slope": """
            s = abs(x).max(axis=1, keepdims=True)
            u = x / np.where(s > 0, s, 1)
            r = np.sqrt((u ** 2).sum(axis=1, keepdims=True))
            return u / np.where(r > 0, r, 1) * g[:, None]
            """,
    },
    "15": {
        "distances": """
            return ((x[:, None] - x[None, :]) ** 2).sum(axis=-1)
            """,
        "batch_hard": """
            d = distances(x)
            same = (labels[:, None] == labels) & ~np.eye(len(x), dtype=bool)
            other = labels[:, None] != labels
            keep = np.flatnonzero(same.any(1) & other.any(1))
            farthest = np.where(same, d, -np.inf).argmax(axis=1)
            nearest = np.where(other, d, np.inf).argmin(axis=1)
            return keep, farthest[keep], nearest[keep]
            """,
    },
    "16": {
        "quantile_for": """
            return too_little / (too_little + too_much)
            """,
        "best_order": """
            return np.sort(sold)[int(np.ceil(q * len(sold))) - 1]
            """,
        "interval": """
            gain = theirs - ours
            half = t * gain.std(ddof=1) / np.sqrt(len(gain))
            return gain.mean() - half, gain.mean() + half
            """,
    },
    "17": {
        "binary_labels": """
            return (x.sum(axis=1, keepdims=True) > 0).astype(float)
            """,
        "three_classes": """
            return np.argsort(np.argsort(x.sum(axis=1))) // (len(x) // 3)
            """,
        "compare": """
            out = []
            for s in (lambda e: 2 * e, np.sign, lambda e: np.clip(e, -1, 1)):
                w = 0.0
                for _ in range(steps): w -= rate * (s(x * w - y) * x).mean()
                out.append(abs(x * w - clean).mean())
            return np.array(out)
            """,
    },
    "18": {
        "cauchy": """
            return c ** 2 / 2 * (((pred - target) / c) ** 2).log1p()
            """,
        "cauchy_kernel": """
            u = (pred - target) / c
            return c * c / 2 * math.log1p(u * u), c * u / (1 + u * u)
            """,
    },
    "19": {
        "true_numbers": """
            return np.array([(4 * 0.04 + 0.09) / 5,  10.5 / 5,  (0.07 / 2 + 9.5) / 5])
            """,
        "doubtful": """
            return "acdfgijklm"
            """,
    },
    "20": {
        "noticed_by": """
            found = {}
            for name, meant in MEANT.items():
                checks = {k: globals()["check_" + k.lower()](globals()[name], meant) for k in "ABCDE"}
                found[name] = "".join(k for k in checks if not checks[k])
            return found
            """,
        "is_even": """
            e = np.concatenate([np.linspace(0, 3, 31), [10, 30, 100]])
            return np.allclose(loss(e, 0 * e), loss(-e, 0 * e), atol=0)
            """,
    },
}
