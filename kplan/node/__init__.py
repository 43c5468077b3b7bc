"""The machines: kubelets that start pods, and the simulated volume provisioner."""
