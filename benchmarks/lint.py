"""How long `kplan lint` takes over a repository of ordinary manifests: cold, with every rule on, and warm, from the cache.

    python benchmarks/lint.py [documents]        seconds of CPU, less those of starting Python and importing

The manifests are made here: applications of eight objects each, spread over namespaces of ten.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

DOCUMENTS = 2800
BOUNDS = {"cold": 2.5, "warm": 0.3}
ROOT = Path(__file__).resolve().parent.parent
APPLICATION = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {space}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: {space}
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
        app.kubernetes.io/part-of: {space}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      serviceAccountName: {name}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: {name}
      containers:
        - name: {name}
          image: registry.example.com/{space}/{name}:1.{number}.0
          imagePullPolicy: IfNotPresent
          args:
            - --listen=:8080
            - --config=/etc/{name}/config.yaml
          ports:
            - name: http
              containerPort: 8080
            - name: metrics
              containerPort: 9090
          env:
            - name: LOG_LEVEL
              valueFrom:
                configMapKeyRef:
                  name: {name}
                  key: LOG_LEVEL
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: TOKEN
              valueFrom:
                secretKeyRef:
                  name: {name}
                  key: token
          readinessProbe:
            httpGet:
              path: /ready
              port: http
            periodSeconds: 5
          livenessProbe:
            httpGet:
              path: /live
              port: http
            initialDelaySeconds: 15
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: config
              mountPath: /etc/{name}
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: config
          configMap:
            name: {name}
        - name: tmp
          emptyDir: {{}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {space}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
    - name: metrics
      port: 9090
      targetPort: metrics
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {space}
data:
  LOG_LEVEL: info
  config.yaml: |
    server:
      port: 8080
      timeout: 30s
    features:
      - search
      - checkout
    upstream: http://{name}-backend.{space}.svc:80/
---
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: {space}
type: Opaque
stringData:
  token: injected-by-the-vault
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
  namespace: {space}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: {space}
spec:
  rules:
    - host: {name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
  namespace: {space}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: {space}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {name}
  policyTypes:
    - Ingress
  ingress:
    - ports:
        - port: http
        - port: metrics
"""


def manifests(documents: int = DOCUMENTS) -> str:
    """A stream of about so many documents."""
    names = [(f"app-{n:04d}", f"team-{n // 10:03d}", n) for n in range(documents // 8)]
    return "---\n".join(APPLICATION.format(name=name, space=space, number=number) for name, space, number in names)


def cpu(*arguments: str, env: dict[str, str]) -> float:
    """CPU seconds of a run of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure and hold against the bounds."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifests.yaml"
        path.write_text(manifests(documents), encoding="utf-8")
        (Path(folder) / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n", encoding="utf-8")
        env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": folder}
        lint = ("-m", "kplan", "lint", "--profile", "all", "--format", "json", "--fail-on", "never")
        start = min(cpu(*lint, "--no-cache", str(Path(folder) / "one.yaml"), env=env) for _ in range(3))
        took = {"cold": cpu(*lint, str(path), env=env), "warm": min(cpu(*lint, str(path), env=env) for _ in range(2))}
        print(f"{documents} documents, {path.stat().st_size / 1e6:.1f} MB; start and imports {start:.2f} s")
        for name, seconds in took.items():
            print(f"{name}: {seconds - start:.2f} s CPU (bound {BOUNDS[name]} s)")
        return int(any(seconds - start > BOUNDS[name] for name, seconds in took.items()))


if __name__ == "__main__":
    sys.exit(main())
