"""The internal structs of pods, for `internalform`: what messages quote of them. The notation is that of `internalshapes`.

The host fields of a pod spec (`hostNetwork` and the like) belong to the security context here, as in the server's own types.
Upstream: pkg/apis/core/types.go.
"""

from __future__ import annotations

POD_SHAPES: dict[str, str] = {
    "PodTemplateSpec": "ObjectMeta/metadata...ObjectMeta Spec:PodSpec",
    "PodSpec": (
        "Volumes[]Volume InitContainers[]Container Containers[]Container EphemeralContainers[]EphemeralContainer RestartPolicy "
        "TerminationGracePeriodSeconds* ActiveDeadlineSeconds* DNSPolicy NodeSelector{} ServiceAccountName AutomountServiceAccountToken* NodeName "
        "SecurityContext*PodSecurityContext ImagePullSecrets[]LocalObjectReference Hostname Subdomain SetHostnameAsFQDN* Affinity*Affinity "
        "SchedulerName Tolerations[]Toleration HostAliases[]HostAlias PriorityClassName Priority* PreemptionPolicy* DNSConfig*PodDNSConfig "
        "ReadinessGates[]PodReadinessGate RuntimeClassName* Overhead*ResourceList EnableServiceLinks* "
        "TopologySpreadConstraints[]TopologySpreadConstraint OS*PodOS SchedulingGates[]PodSchedulingGate ResourceClaims[]PodResourceClaim "
        "Resources*ResourceRequirements HostnameOverride* SchedulingGroup*PodSchedulingGroup"
    ),
    "Volume": "Name ...VolumeSource",
    "Container": (
        "Name Image Command[] Args[] WorkingDir Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar Resources:ResourceRequirements "
        "ResizePolicy[]ContainerResizePolicy RestartPolicy* RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount "
        "VolumeDevices[]VolumeDevice LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath "
        "TerminationMessagePolicy ImagePullPolicy SecurityContext*SecurityContext Stdin? StdinOnce? TTY?"
    ),
    "EphemeralContainer": "...EphemeralContainerCommon TargetContainerName",
    "PodSecurityContext": (
        "HostNetwork? HostPID? HostIPC? ShareProcessNamespace* HostUsers* SELinuxOptions*SELinuxOptions WindowsOptions*WindowsSecurityContextOptions "
        "RunAsUser* RunAsGroup* RunAsNonRoot* SupplementalGroups[] SupplementalGroupsPolicy* FSGroup* FSGroupChangePolicy* Sysctls[]Sysctl "
        "SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile SELinuxChangePolicy*"
    ),
    "LocalObjectReference": "Name",
    "Affinity": "NodeAffinity*NodeAffinity PodAffinity*PodAffinity PodAntiAffinity*PodAntiAffinity",
    "Toleration": "Key Operator Value Effect TolerationSeconds*",
    "HostAlias": "IP Hostnames[]",
    "PodDNSConfig": "Nameservers[] Searches[] Options[]PodDNSConfigOption",
    "PodReadinessGate": "ConditionType",
    "TopologySpreadConstraint": (
        "MaxSkew# TopologyKey WhenUnsatisfiable LabelSelector*LabelSelector MinDomains* NodeAffinityPolicy* NodeTaintsPolicy* MatchLabelKeys[]"
    ),
    "PodOS": "Name",
    "PodSchedulingGate": "Name",
    "PodResourceClaim": "Name ResourceClaimName* ResourceClaimTemplateName*",
    "ResourceRequirements": "Limits*ResourceList Requests*ResourceList Claims[]ResourceClaim",
    "PodSchedulingGroup": "PodGroupName*",
    "VolumeSource": (
        "HostPath*HostPathVolumeSource EmptyDir*EmptyDirVolumeSource GCEPersistentDisk*GCEPersistentDiskVolumeSource "
        "AWSElasticBlockStore*AWSElasticBlockStoreVolumeSource GitRepo*GitRepoVolumeSource Secret*SecretVolumeSource NFS*NFSVolumeSource "
        "ISCSI*ISCSIVolumeSource Glusterfs*GlusterfsVolumeSource PersistentVolumeClaim*PersistentVolumeClaimVolumeSource RBD*RBDVolumeSource "
        "Quobyte*QuobyteVolumeSource FlexVolume*FlexVolumeSource Cinder*CinderVolumeSource CephFS/cephfs*CephFSVolumeSource "
        "Flocker*FlockerVolumeSource DownwardAPI*DownwardAPIVolumeSource FC*FCVolumeSource AzureFile*AzureFileVolumeSource "
        "ConfigMap*ConfigMapVolumeSource VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource "
        "PhotonPersistentDisk*PhotonPersistentDiskVolumeSource Projected*ProjectedVolumeSource PortworxVolume*PortworxVolumeSource "
        "ScaleIO*ScaleIOVolumeSource StorageOS/storageos*StorageOSVolumeSource CSI*CSIVolumeSource Ephemeral*EphemeralVolumeSource "
        "Image*ImageVolumeSource"
    ),
    "ContainerPort": "Name HostPort# ContainerPort# Protocol HostIP",
    "EnvFromSource": "Prefix ConfigMapRef*ConfigMapEnvSource SecretRef*SecretEnvSource",
    "EnvVar": "Name Value ValueFrom*EnvVarSource",
    "ContainerResizePolicy": "ResourceName RestartPolicy",
    "ContainerRestartRule": "Action ExitCodes*ContainerRestartRuleOnExitCodes",
    "VolumeMount": "Name ReadOnly? RecursiveReadOnly* MountPath SubPath MountPropagation* SubPathExpr",
    "VolumeDevice": "Name DevicePath",
    "Probe": "...ProbeHandler InitialDelaySeconds# TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds*",
    "Lifecycle": "PostStart*LifecycleHandler PreStop*LifecycleHandler StopSignal*",
    "SecurityContext": (
        "Capabilities*Capabilities Privileged* SELinuxOptions*SELinuxOptions WindowsOptions*WindowsSecurityContextOptions RunAsUser* RunAsGroup* "
        "RunAsNonRoot* ReadOnlyRootFilesystem* AllowPrivilegeEscalation* ProcMount* SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile"
    ),
    "EphemeralContainerCommon": (
        "Name Image Command[] Args[] WorkingDir Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar Resources:ResourceRequirements "
        "ResizePolicy[]ContainerResizePolicy RestartPolicy* RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount "
        "VolumeDevices[]VolumeDevice LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath "
        "TerminationMessagePolicy ImagePullPolicy SecurityContext*SecurityContext Stdin? StdinOnce? TTY?"
    ),
    "SELinuxOptions": "User Role Type Level",
    "WindowsSecurityContextOptions": "GMSACredentialSpecName* GMSACredentialSpec* RunAsUserName* HostProcess*",
    "Sysctl": "Name Value",
    "SeccompProfile": "Type LocalhostProfile*",
    "AppArmorProfile": "Type LocalhostProfile*",
    "NodeAffinity": "RequiredDuringSchedulingIgnoredDuringExecution*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution[]PreferredSchedulingTerm",
    "PodAffinity": "RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm",
    "PodAntiAffinity": (
        "RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm"
    ),
    "PodDNSConfigOption": "Name Value*",
    "ResourceClaim": "Name Request",
    "EmptyDirVolumeSource": "Medium SizeLimit*",
    "GitRepoVolumeSource": "Repository Revision Directory",
    "SecretVolumeSource": "SecretName Items[]KeyToPath DefaultMode* Optional*",
    "ISCSIVolumeSource": (
        "TargetPortal IQN Lun# ISCSIInterface FSType ReadOnly? Portals[] DiscoveryCHAPAuth/chapAuthDiscovery? SessionCHAPAuth/chapAuthSession? "
        "SecretRef*LocalObjectReference InitiatorName*"
    ),
    "GlusterfsVolumeSource": "EndpointsName/endpoints Path ReadOnly?",
    "PersistentVolumeClaimVolumeSource": "ClaimName ReadOnly?",
    "RBDVolumeSource": "CephMonitors/monitors[] RBDImage/image FSType RBDPool/pool RadosUser/user Keyring SecretRef*LocalObjectReference ReadOnly?",
    "FlexVolumeSource": "Driver FSType SecretRef*LocalObjectReference ReadOnly? Options{}",
    "CinderVolumeSource": "VolumeID FSType ReadOnly? SecretRef*LocalObjectReference",
    "CephFSVolumeSource": "Monitors[] Path User SecretFile SecretRef*LocalObjectReference ReadOnly?",
    "DownwardAPIVolumeSource": "Items[]DownwardAPIVolumeFile DefaultMode*",
    "AzureFileVolumeSource": "SecretName ShareName ReadOnly?",
    "ConfigMapVolumeSource": "...LocalObjectReference Items[]KeyToPath DefaultMode* Optional*",
    "ProjectedVolumeSource": "Sources[]VolumeProjection DefaultMode*",
    "ScaleIOVolumeSource": "Gateway System SecretRef*LocalObjectReference SSLEnabled? ProtectionDomain StoragePool StorageMode VolumeName FSType ReadOnly?",
    "StorageOSVolumeSource": "VolumeName VolumeNamespace FSType ReadOnly? SecretRef*LocalObjectReference",
    "CSIVolumeSource": "Driver ReadOnly* FSType* VolumeAttributes{} NodePublishSecretRef*LocalObjectReference",
    "EphemeralVolumeSource": "VolumeClaimTemplate*PersistentVolumeClaimTemplate",
    "ImageVolumeSource": "Reference PullPolicy",
    "ConfigMapEnvSource": "...LocalObjectReference Optional*",
    "SecretEnvSource": "...LocalObjectReference Optional*",
    "EnvVarSource": (
        "FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector ConfigMapKeyRef*ConfigMapKeySelector SecretKeyRef*SecretKeySelector "
        "FileKeyRef*FileKeySelector"
    ),
    "ContainerRestartRuleOnExitCodes": "Operator Values[]",
    "ProbeHandler": "Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction GRPC*GRPCAction",
    "LifecycleHandler": "Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction Sleep*SleepAction",
    "Capabilities": "Add[] Drop[]",
    "PreferredSchedulingTerm": "Weight# Preference:NodeSelectorTerm",
    "PodAffinityTerm": "LabelSelector*LabelSelector Namespaces[] TopologyKey NamespaceSelector*LabelSelector MatchLabelKeys[] MismatchLabelKeys[]",
    "WeightedPodAffinityTerm": "Weight# PodAffinityTerm:PodAffinityTerm",
    "KeyToPath": "Key Path Mode*",
    "DownwardAPIVolumeFile": "Path FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector Mode*",
    "VolumeProjection": (
        "Secret*SecretProjection DownwardAPI*DownwardAPIProjection ConfigMap*ConfigMapProjection ServiceAccountToken*ServiceAccountTokenProjection "
        "ClusterTrustBundle*ClusterTrustBundleProjection PodCertificate*PodCertificateProjection"
    ),
    "PersistentVolumeClaimTemplate": "ObjectMeta/metadata...ObjectMeta Spec:PersistentVolumeClaimSpec",
    "ObjectFieldSelector": "APIVersion FieldPath",
    "ResourceFieldSelector": "ContainerName Resource Divisor",
    "ConfigMapKeySelector": "...LocalObjectReference Key Optional*",
    "SecretKeySelector": "...LocalObjectReference Key Optional*",
    "FileKeySelector": "VolumeName Path Key Optional*",
    "ExecAction": "Command[]",
    "HTTPGetAction": "Path Port Host Scheme HTTPHeaders[]HTTPHeader",
    "TCPSocketAction": "Port Host",
    "GRPCAction": "Port# Service*",
    "SleepAction": "Seconds#",
    "SecretProjection": "...LocalObjectReference Items[]KeyToPath Optional*",
    "DownwardAPIProjection": "Items[]DownwardAPIVolumeFile",
    "ConfigMapProjection": "...LocalObjectReference Items[]KeyToPath Optional*",
    "ServiceAccountTokenProjection": "Audience ExpirationSeconds# Path",
    "ClusterTrustBundleProjection": "Name* SignerName* LabelSelector*LabelSelector Optional* Path",
    "PodCertificateProjection": "SignerName KeyType MaxExpirationSeconds* CredentialBundlePath KeyPath CertificateChainPath UserAnnotations{}",
    "HTTPHeader": "Name Value",
}
