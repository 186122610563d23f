"""One peer of the CUDA benchmarks in PyTorch; torch-peer.ts starts it, writes its inputs and asks for runs.

Usage: torch_peer.py FOLDER OPTIONS      OPTIONS is a JSON object
Prints one JSON line with results to compare, then one with the seconds of a run for every line of standard input.
"""
import json
import sys
import time

import torch


class InfoNce:
    """Loss and gradients of a batch of pairs as autocast computes them: products in bf16, softmax in float32."""

    def __init__(self, options, device, read):
        self.device, self.scale, self.sample = device, options["logitScale"], options["sample"]
        self.sides = [read("query"), read("key")]
        self.loss = torch.compile(self.info_nce, dynamic=False) if options["compiled"] else self.info_nce

    def info_nce(self, query, key):
        logits = self.scale * (query @ key.T)
        return torch.nn.functional.cross_entropy(logits.float(), torch.arange(len(query), device=query.device))

    def upload(self):
        return [side.to(self.device).bfloat16().requires_grad_() for side in self.sides]

    def compute(self, inputs):
        loss = self.loss(*inputs)
        loss.backward()
        return [loss.detach(), *(side.grad for side in inputs)]

    def report(self, results):
        loss, d_query, d_key = results
        return {"loss": loss.item(), "dQuery": d_query[self.sample].tolist(), "dKey": d_key[self.sample].tolist()}


class TopK:
    """Products with a base that lies on the device, then torch.topk."""

    def __init__(self, options, device, read):
        self.device, self.k, self.sample = device, options["k"], options["sample"]
        self.type = torch.bfloat16 if options["precision"] == "bf16" else torch.float32
        self.queries = read("queries")
        self.base = read("base").to(device, self.type)

    def upload(self):
        return [self.queries.to(self.device, self.type)]

    def compute(self, inputs):
        return list(torch.topk(inputs[0] @ self.base.T, self.k, dim=1))

    def report(self, results):
        return {"scores": results[0][self.sample].tolist()}


def run(peer, device):
    """Results on the host, and seconds from host to host and of what lies between the copies."""

    def now():
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    begin = now()
    inputs = peer.upload()
    uploaded = now()
    outputs = peer.compute(inputs)
    computed = now()
    results = [output.float().cpu() for output in outputs]
    return results, {"seconds": now() - begin, "deviceSeconds": computed - uploaded}


def main():
    folder, options = sys.argv[1], json.loads(sys.argv[2])

    def read(name):
        rows = torch.from_file(f"{folder}/{name}.f32", size=options["shapes"][name] * options["dim"], dtype=torch.float32)
        return rows.reshape(-1, options["dim"]).clone()

    device = options["device"]
    peer = {"infoNce": InfoNce, "topK": TopK}[options["operation"]](options, device, read)
    print(json.dumps(peer.report(run(peer, device)[0])), flush=True)
    for _ in sys.stdin:
        print(json.dumps(run(peer, device)[1]), flush=True)


main()
