"""The network: simulated load balancers, kube-proxy's view of Services, DNS names, reachability."""
