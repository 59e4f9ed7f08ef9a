#!/usr/bin/env python3
"""Random cases of the model with its answers, one a line.  Run: python3 cases.py [count] [seed]"""
import json, os, random, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model

def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rnd = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for _ in range(count):
        s, p, now = model.gen(rnd), model.gpol(rnd), rnd.randint(60, 140)
        plan = model.plan(s, p, now)
        print(json.dumps({
            'manifests': s['manifests'], 'tags': s['tags'], 'in_use': sorted(s['in_use']), 'promoted': s['promoted'],
            'complete': s['complete'], 'unresolved': sorted(s['unresolved']), 'now': now,
            'policy': dict(p, untagged=p['untagged'] and p['untagged']['older_than']),
            'expect': {'untag': sorted(plan['untag']), 'dead': sorted(plan['dead'])},
        }))

if __name__ == '__main__':
    main()
