"""kube-apiserver and etcd: the one door through which everything is written, and the store behind it."""
