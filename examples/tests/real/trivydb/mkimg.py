"""Build synthetic single- and multi-arch OCI image layouts. usage: mkimg.py OUTDIR"""
import io,tarfile,gzip,hashlib,json,os,sys
out=sys.argv[1]
H=lambda b:'sha256:'+hashlib.sha256(b).hexdigest()
class Layout:
    def __init__(s,d): s.d=d; os.makedirs(d+'/blobs/sha256',exist_ok=True); open(d+'/oci-layout','w').write('{"imageLayoutVersion":"1.0.0"}')
    def put(s,b): h=H(b); open(s.d+'/blobs/sha256/'+h[7:],'wb').write(b); return h
    def index(s,ms): open(s.d+'/index.json','w').write(json.dumps({'schemaVersion':2,'mediaType':'application/vnd.oci.image.index.v1+json','manifests':ms},separators=(',',':')))
def tar(files):
    b=io.BytesIO(); t=tarfile.open(fileobj=b,mode='w',format=tarfile.USTAR_FORMAT)
    for n in sorted(files):
        c=files[n].encode(); ti=tarfile.TarInfo(n); ti.size=len(c); ti.mode=0o644; t.addfile(ti,io.BytesIO(c))
    t.close(); return b.getvalue()
def gz(b):
    o=io.BytesIO(); g=gzip.GzipFile(fileobj=o,mode='wb',mtime=0); g.write(b); g.close(); return o.getvalue()
def image(L,layers,arch='amd64'):
    ds=[];di=[]
    for f in layers:
        t=tar(f); z=gz(t); di.append(H(t)); ds.append({'mediaType':'application/vnd.oci.image.layer.v1.tar+gzip','digest':L.put(z),'size':len(z)})
    cfg=json.dumps({'architecture':arch,'os':'linux','created':'2024-01-01T00:00:00Z','config':{'Env':['PATH=/usr/bin'],'Entrypoint':['/app'],'Labels':{'org.opencontainers.image.revision':'2b2e927'}},'rootfs':{'type':'layers','diff_ids':di},'history':[{'created':'2024-01-01T00:00:00Z','created_by':'layer %d'%i} for i in range(len(di))]},separators=(',',':')).encode()
    m=json.dumps({'schemaVersion':2,'mediaType':'application/vnd.oci.image.manifest.v1+json','config':{'mediaType':'application/vnd.oci.image.config.v1+json','digest':L.put(cfg),'size':len(cfg)},'layers':ds},separators=(',',':')).encode()
    return {'mediaType':'application/vnd.oci.image.manifest.v1+json','digest':L.put(m),'size':len(m)}
def dpkg(rows,arch='amd64'):
    return '\n'.join(f"Package: {p}\nStatus: install ok installed\nPriority: required\nSection: libs\nInstalled-Size: 100\nMaintainer: Debian <d@debian.org>\nArchitecture: {arch}\n"+(f"Source: {s}\n" if s!=p else '')+f"Version: {v}\nDescription: {p}\n" for p,s,v in rows)
DEB=[('zlib1g','zlib','1:1.2.13.dfsg-1'),('libexpat1','expat','2.5.0-1'),('libssl3','openssl','3.0.11-1~deb12u2'),('openssl','openssl','3.0.11-1~deb12u2'),('libldap-2.5-0','openldap','2.5.13+dfsg-5'),('libc6','glibc','2.36-9+deb12u3'),('perl-base','perl','5.36.0-7+deb12u1'),('libsystemd0','systemd','252.22-1~deb12u1')]
OSR='PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
def deb(arch): return {'etc/os-release':OSR,'usr/lib/os-release':OSR,'etc/debian_version':'12.5\n','var/lib/dpkg/status':dpkg(DEB,arch)}
APP={'app/node_modules/lodash/package.json':json.dumps({'name':'lodash','version':'4.17.4','license':'MIT'}),'app/node_modules/minimist/package.json':json.dumps({'name':'minimist','version':'1.2.5','license':'MIT'}),
 'usr/lib/python3/dist-packages/PyYAML-5.3.1.dist-info/METADATA':'Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.3.1\nLicense: MIT\n','app/server.js':'console.log("hi")\n'}
def apk(rows,arch): return '\n'.join(f"C:Q1aaaaaaaaaaaaaaaaaaaaaaaaaaa=\nP:{p}\nV:{v}\nA:{arch}\nS:1\nI:1\nT:{p}\nU:https://example.org\nL:Apache-2.0\no:{o}\nm:x <x@x>\nt:1700000000\nc:abc\n" for p,o,v in rows)
ALP=[('libssl3','openssl','3.1.4-r2'),('libcrypto3','openssl','3.1.4-r2'),('busybox','busybox','1.36.1-r15'),('libexpat','expat','2.5.0-r2')]
def alp(arch): return {'etc/alpine-release':'3.19.0\n','etc/os-release':'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.0\nPRETTY_NAME="Alpine Linux v3.19"\n','lib/apk/db/installed':apk(ALP,arch)}
L=Layout(out+'/debian12'); d=image(L,[deb('amd64'),APP]); d['annotations']={'org.opencontainers.image.ref.name':'sha-2b2e927'}; L.index([d])
L=Layout(out+'/alpine319'); d=image(L,[alp('x86_64')]); L.index([d])
L=Layout(out+'/clean'); d=image(L,[{'etc/os-release':OSR,'etc/debian_version':'12.5\n','var/lib/dpkg/status':dpkg([('base-files','base-files','12.4+deb12u5')])}]); L.index([d])
# multi-arch + buildkit style attestation manifest, wrapped as one index blob
L=Layout(out+'/multiarch'); a=image(L,[deb('amd64'),APP],'amd64'); a['platform']={'architecture':'amd64','os':'linux'}
b=image(L,[alp('aarch64')],'arm64'); b['platform']={'architecture':'arm64','os':'linux'}
st=json.dumps({'_type':'https://in-toto.io/Statement/v0.1','predicateType':'https://slsa.dev/provenance/v0.2','subject':[{'name':'pkg:docker/example/app@sha-2b2e927','digest':{'sha256':a['digest'][7:]}}],'predicate':{'builder':{'id':''},'buildType':'https://mobyproject.org/buildkit@v1'}}).encode()
cfg=json.dumps({'architecture':'unknown','os':'unknown','config':{},'rootfs':{'type':'layers','diff_ids':[H(st)]}}).encode()
m=json.dumps({'schemaVersion':2,'mediaType':'application/vnd.oci.image.manifest.v1+json','config':{'mediaType':'application/vnd.oci.image.config.v1+json','digest':L.put(cfg),'size':len(cfg)},'layers':[{'mediaType':'application/vnd.in-toto+json','digest':L.put(st),'size':len(st),'annotations':{'in-toto.io/predicate-type':'https://slsa.dev/provenance/v0.2'}}]}).encode()
att={'mediaType':'application/vnd.oci.image.manifest.v1+json','digest':L.put(m),'size':len(m),'annotations':{'vnd.docker.reference.digest':a['digest'],'vnd.docker.reference.type':'attestation-manifest'},'platform':{'architecture':'unknown','os':'unknown'}}
ix=json.dumps({'schemaVersion':2,'mediaType':'application/vnd.oci.image.index.v1+json','manifests':[a,b,att]},separators=(',',':')).encode()
L.index([{'mediaType':'application/vnd.oci.image.index.v1+json','digest':L.put(ix),'size':len(ix),'annotations':{'org.opencontainers.image.ref.name':'sha-2b2e927'}}])
# what looks clean and is not: nothing to scan, and a release that gets no advisories any more
L=Layout(out+'/scratch'); d=image(L,[{'app/run':'#!/bin/true\n'}]); L.index([d])
L=Layout(out+'/eol'); d=image(L,[{'etc/os-release':OSR.replace('12 (bookworm)','9 (stretch)').replace('"12"','"9"').replace('bookworm','stretch'),'etc/debian_version':'9.13\n','var/lib/dpkg/status':dpkg([('zlib1g','zlib','1:1.2.8.dfsg-5')])}]); L.index([d])
