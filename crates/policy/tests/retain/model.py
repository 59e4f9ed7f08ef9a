#!/usr/bin/env python3
"""Executable reference model (oracle) of the planner, plus a random check of the
invariants.  No I/O, ~120 lines of semantics; meant for differential
testing of the Rust crate.  Run: python3 model.py [iterations] [seed]"""
import copy, random, re, sys
STRUCT = re.compile(r'^(sha256)-([0-9a-f]{4,64})(\.(sig|att|sbom))?$')

# snapshot = {manifests: {id: {pushed, pulled, children:[id], subject:id|None}}, tags: {name: {m:id, moved:int|None}},
#             in_use: set(ids|tags), promoted: {id: verified-at}, complete: bool, unresolved: set(ids)}
# policy   = {holds:[sel+{min_age|legal|immutable}], keep:[sel+{newest,group,within}], delete:[sel+{older_than,beyond,group,promoted}], untagged:{older_than}|None, grace}
def sel(r, name): return re.fullmatch(r['tags'], name) is not None and not (r.get('not') and re.fullmatch(r['not'], name))
def group(r, name):
    g = r.get('group')
    if not g: return ''
    m = re.fullmatch(g, name)
    return None if not m else '\0'.join(x or '' for x in m.groups())
def structural(s, name):
    m = STRUCT.match(name)
    return None if not m else m.group(2)            # digest hex (in the model: the manifest id)

def plan(s, p, now):
    M, T = s['manifests'], s['tags']
    unknown = bool(s['unresolved']) or not s['complete']
    kids_of = {m: [c for c in d['children'] if c in M] for m, d in M.items()}
    parents = {}
    for m, ks in kids_of.items():
        for c in ks: parents.setdefault(c, set()).add(m)
    refs = {}
    for m, d in M.items():
        if d['subject'] in M: refs.setdefault(d['subject'], set()).add(m)
    stag = {}
    for t, d in T.items():
        h = structural(s, t)
        if h is not None: stag[t] = h
        if h is not None and h in M and h != d['m']: refs.setdefault(h, set()).add(d['m'])
    at = lambda t: T[t]['moved'] if T[t]['moved'] is not None else M[T[t]['m']]['pushed']
    plain = [t for t in T if t not in stag]
    dec = {}
    def put(t, d, why): dec.setdefault(t, (d, why))
    # layer 1: holds
    for t in plain:
        if t in s['in_use'] or T[t]['m'] in s['in_use']: put(t, 'keep', 'in-use')
        a = at(t)
        if a is None: put(t, 'keep', 'unknown-time')
        elif p.get('grace') is not None and a > now - p['grace']: put(t, 'keep', 'grace')
        for i, r in enumerate(p['holds']):
            if sel(r, t) and (r.get('legal') or r.get('immutable') or (a is not None and a > now - r['min_age'])): put(t, 'keep', f'hold#{i}')
    # layer 2: keep rules.  Budgets count DISTINCT manifests per group, over every matching tag, whatever other rules say
    for i, r in enumerate(p['keep']):
        pool = {}
        for t in plain:
            if not sel(r, t): continue
            if 'within' in r and (at(t) is None or at(t) > now - r['within']): put(t, 'keep', f'keep#{i}')
            g = group(r, t)
            if 'newest' in r and g is not None: pool.setdefault(g, {}).setdefault(T[t]['m'], []).append(t)
            if 'newest' not in r and 'within' not in r: put(t, 'keep', f'keep#{i}')
        for g, by in pool.items():
            # a manifest with any undated tag in the group has an unknown rank: keep it and do NOT let it consume the budget
            for m in [m for m in by if any(at(t) is None for t in by[m])]:
                for t in by.pop(m): put(t, 'keep', f'keep#{i}[{g}] undated')
            order = sorted(by, key=lambda m: (-max(at(t) for t in by[m]), m))
            for m in order[:r.get('newest', 0)]:
                for t in by[m]: put(t, 'keep', f'keep#{i}[{g}]')
    # layer 3: delete rules (conditions of one rule are AND-ed), layer 4: default keep
    for i, r in enumerate(p['delete']):
        rank = {}
        if 'beyond' in r:          # rank(t) = number of OTHER distinct manifests of the group that are newer than this tag; undated ones do not count
            pool = {}
            for t in plain:
                if sel(r, t) and group(r, t) is not None: pool.setdefault(group(r, t), {}).setdefault(T[t]['m'], []).append(t)
            for by in pool.values():
                top = {m: max(at(t) for t in by[m]) for m in by if all(at(t) is not None for t in by[m])}
                for m in by:
                    for t in by[m]:
                        if at(t) is not None: rank[t] = sum(1 for x, k in top.items() if x != m and (k, m) > (at(t), x))
        for t in plain:
            if not sel(r, t) or at(t) is None: continue
            if r.get('older_than') is not None and not at(t) < now - r['older_than']: continue
            if 'beyond' in r and not rank.get(t, -1) >= r['beyond']: continue
            if 'promoted' in r and not (T[t]['m'] in s['promoted'] and s['promoted'][T[t]['m']] < now - r['promoted']): continue
            put(t, 'delete', f'delete#{i}')
    for t in plain: put(t, 'keep', 'default')
    # manifests
    tagged = {d['m'] for t, d in T.items() if t not in stag}
    referrer = {m for v in refs.values() for m in v}
    live = {T[t]['m'] for t in plain if dec[t][0] == 'keep'} | (s['in_use'] & set(M)) | s['unresolved']
    for m, d in M.items():
        if m in tagged: continue
        young = d['pushed'] is None or (p.get('grace') is not None and d['pushed'] > now - p['grace'])
        if young: live.add(m)
        elif m not in parents and m not in referrer:                      # free-standing untagged manifest
            u = p.get('untagged')
            if not u or not d['pushed'] < now - u['older_than']: live.add(m)
    if unknown: live = set(M)                                             # manifests are never deleted on partial knowledge
    st = list(live)
    while st:
        m = st.pop()
        for x in list(kids_of[m]) + list(refs.get(m, ())):
            if x not in live: live.add(x); st.append(x)
    for t, h in stag.items():
        dec[t] = ('keep', 'referrer-of-live') if T[t]['m'] in live or h in live or h not in M else ('delete', 'subject-deleted')
    dead = set(M) - live
    # a plain tag of a dead manifest is deleted (never: dead implies every tag condemned)
    return dict(untag={t for t in T if dec[t][0] == 'delete'}, dead=dead, why=dec)

def apply(s, pl):
    s = copy.deepcopy(s)
    for t in pl['untag']: del s['tags'][t]
    for m in pl['dead']: del s['manifests'][m]
    s['in_use'] = {x for x in s['in_use'] if x in s['manifests'] or x in s['tags']}
    return s

# ------------------------------------------------------------------ random check
def gen(rnd):
    n = rnd.randint(1, 9); ids = [f'{i:04x}' for i in range(n)]; M = {}
    for i, m in enumerate(ids):
        M[m] = dict(pushed=None if rnd.random() < .08 else rnd.choice([rnd.randint(0, 100), 25 * rnd.randint(0, 4)]), pulled=None, subject=None,
                    children=[rnd.choice(ids[:i]) for _ in range(rnd.randint(1, 3))] if i and rnd.random() < .35 else [])
        if rnd.random() < .1: M[m]['children'].append('dead')           # dangling child
        if i and rnd.random() < .25: M[m]['subject'] = rnd.choice(ids[:i])
    T = {}
    for k in range(rnd.randint(0, 12)):
        t = rnd.choice([f'pr-{rnd.randint(1,2)}{"" if rnd.random()<.5 else rnd.randint(0,9)}-{k}', f'v1.{rnd.randint(0,3)}.{k}', f'sha-{k}', 'latest', f'sha256-{rnd.choice(ids)}.sig', f'sha256-{rnd.choice(ids)}'])
        T[t] = dict(m=rnd.choice(ids), moved=rnd.choice([None, rnd.randint(0, 100), 25 * rnd.randint(0, 4)]))
    use = {x for x in list(M) + list(T) if rnd.random() < .05}
    return dict(manifests=M, tags=T, in_use=use, promoted={m: rnd.randint(0, 100) for m in ids if rnd.random() < .3}, complete=rnd.random() < .9, unresolved={m for m in ids if rnd.random() < .02})
def gsel(rnd): return dict(tags=rnd.choice([r'.*', r'pr-\d+-\d+', r'v1\..*', r'sha-.*', 'latest']))
def gkeep(rnd):
    r = gsel(rnd)
    k = rnd.random()
    if k < .6: r.update(newest=rnd.randint(0, 3)); r.update(rnd.choice([{}, {'group': r'pr-(\d+)-\d+'}, {'group': r'v(\d+\.\d+)\.\d+'}]))
    elif k < .8: r['within'] = rnd.randint(0, 60)
    return r
def gdel(rnd):
    r = gsel(rnd)
    k = rnd.random()
    if k < .5: r['older_than'] = rnd.choice([None, rnd.randint(0, 80)])
    if k > .3: r['beyond'] = rnd.randint(0, 3); r.update(rnd.choice([{}, {'group': r'pr-(\d+)-\d+'}, {'group': r'v(\d+\.\d+)\.\d+'}]))
    if k > .8: r['promoted'] = rnd.randint(0, 50)
    return r
def ghold(rnd): r = gsel(rnd); r.update(rnd.choice([{'legal': True}, {'min_age': rnd.randint(0, 90)}])); return r
def gpol(rnd): return dict(holds=[ghold(rnd) for _ in range(rnd.randint(0, 1))], keep=[gkeep(rnd) for _ in range(rnd.randint(0, 2))], delete=[gdel(rnd) for _ in range(rnd.randint(0, 2))],
                           untagged=rnd.choice([None, {'older_than': rnd.randint(0, 80)}]), grace=rnd.choice([None, 5]))
def le(a, b): return a['untag'] <= b['untag'] and a['dead'] <= b['dead']
def check(s, p, now, rnd):
    a = plan(s, p, now); M, T = s['manifests'], s['tags']; live = set(M) - a['dead']
    for m in live:                                                                            # I1 closure
        assert not (set(M[m]['children']) & a['dead']), 'I1 child'
    for m in a['dead']: assert M[m]['subject'] not in live, 'I1 referrer'
    for t, d in T.items(): assert not (d['m'] in a['dead'] and t not in a['untag']), 'I2 kept tag on dead manifest'
    for x in s['in_use']: assert x not in a['dead'] and x not in a['untag'] or structural(s, x), 'I3 in-use'
    for t in T:
        if t not in a['untag'] or structural(s, t): continue
        assert a['why'][t][1].startswith('delete#'), 'I4 default keep'
        for r in p['holds']:
            at = T[t]['moved'] if T[t]['moved'] is not None else M[T[t]['m']]['pushed']
            assert not (sel(r, t) and (r.get('legal') or at > now - r['min_age'])), 'I5 hold dominance'
    if s['unresolved'] or not s['complete']: assert not a['dead'], 'I6 fail closed'
    tm = lambda t: T[t]['moved'] if T[t]['moved'] is not None else M[T[t]['m']]['pushed']
    for r in p['keep']:                                                                       # I14 every keep rule is honoured, budgets in distinct manifests
        mine = [t for t in T if not structural(s, t) and sel(r, t)]
        if 'newest' not in r: assert not [t for t in mine if t in a['untag'] and ('within' not in r or tm(t) > now - r['within'])], 'I14 keep rule'
        else:
            for g in {group(r, t) for t in mine} - {None}:
                ms = {T[t]['m'] for t in mine if group(r, t) == g}
                kept = {T[t]['m'] for t in mine if group(r, t) == g and t not in a['untag']}
                assert len(kept) >= min(r['newest'], len(ms)), 'I14 budget'
                gone = [tm(t) for t in mine if group(r, t) == g and t in a['untag']]
                best = sorted((max(tm(t) for t in mine if T[t]['m'] == m and group(r, t) == g) for m in ms if all(tm(t) is not None for t in mine if T[t]['m'] == m and group(r, t) == g)), reverse=True)
                if gone and r['newest'] and len(best) >= r['newest']: assert max(gone) <= best[r['newest'] - 1], 'I14 newest'
    for t in T:                                                                               # I15 signature tags follow their subject
        h = structural(s, t)
        if h in live and h is not None: assert t not in a['untag'], 'I15 signature tag of a live subject'
    if s['complete'] and not s['unresolved']:                                                 # I16 no leak: what only dead manifests reach is dead
        young = lambda m: M[m]['pushed'] is None or (p['grace'] is not None and M[m]['pushed'] > now - p['grace'])
        tagd = {d['m'] for t, d in T.items() if not structural(s, t)}
        par = {m: {x for x in M if m in M[x]['children']} for m in M}
        for m in live - tagd - s['in_use']:
            sj = {M[m]['subject']} & set(M) | {structural(s, t) for t, d in T.items() if structural(s, t) in M and d['m'] == m and structural(s, t) != m}
            if (par[m] or sj) and not young(m): assert (par[m] | sj) & live, 'I16 leaked child/referrer'
    q = copy.deepcopy(p); q['keep'].append(gkeep(rnd)); assert le(plan(s, q, now), a), 'I7 keep monotone'
    q = copy.deepcopy(p); q['holds'].append(ghold(rnd)); assert le(plan(s, q, now), a), 'I7 hold monotone'
    q = copy.deepcopy(p); q['delete'].append(gdel(rnd)); assert le(a, plan(s, q, now)), 'I8 delete monotone'
    b = plan(apply(s, a), p, now); assert not b['untag'] and not b['dead'], ('I9 idempotent', b['untag'], b['dead'])
    sh = copy.deepcopy(s); sh['tags'] = dict(rnd.sample(sorted(T.items(), key=lambda x: x[0]), len(T))); sh['manifests'] = dict(rnd.sample(sorted(M.items(), key=lambda x: x[0]), len(M)))
    b = plan(sh, p, now); assert b['untag'] == a['untag'] and b['dead'] == a['dead'], 'I10 order'
    q = copy.deepcopy(p); rnd.shuffle(q['keep']); rnd.shuffle(q['delete']); rnd.shuffle(q['holds']); b = plan(s, q, now)
    assert b['untag'] == a['untag'] and b['dead'] == a['dead'], 'I10 rule order'
    assert le(a, plan(s, p, now + rnd.randint(0, 60))), 'I11 time monotone'
    if M:                                                                                     # I12 losing information never deletes more
        w = copy.deepcopy(s); w['manifests'][rnd.choice(list(M))]['pushed'] = None; assert le(plan(w, p, now), a), 'I12 pushed unknown'
        w = copy.deepcopy(s); w['unresolved'].add(rnd.choice(list(M))); assert le(plan(w, p, now), a), 'I12 unresolved'
    w = copy.deepcopy(s); w['complete'] = False; assert le(plan(w, p, now), a), 'I12 incomplete'
    for m in list(s['promoted'])[:1]: w = copy.deepcopy(s); del w['promoted'][m]; assert le(plan(w, p, now), a), 'I12 promotion not verified'
    for x in list(M) + list(T):
        w = copy.deepcopy(s); w['in_use'] = s['in_use'] | {x}; assert le(plan(w, p, now), a), 'I13 in-use monotone'
if __name__ == '__main__':
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20000; rnd = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1); nd = 0
    for i in range(n):
        s, p, now = gen(rnd), gpol(rnd), rnd.randint(60, 140)
        try: check(s, p, now, rnd)
        except AssertionError as e: print('FAIL', i, e, '\n', s, '\n', p, '\n now', now, plan(s, p, now)); sys.exit(1)
        a = plan(s, p, now); nd += bool(a['dead'])
    print(n, 'cases ok;', nd, 'with manifest deletions')
