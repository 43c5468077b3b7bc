"""The internal structs of storage and device kinds, for `internalform`: what messages quote, nothing else.

One text a struct, its fields in Go order. A word is the Go name, `/` and the JSON name where it is not the Go name with a
lower-case head, and a mark: none text, `#` number, `?` boolean, `*` pointer (`*T` to a struct), `[]` slice, `{}` map, `:T` struct
by value, `...T` embedded struct (`Name/key...T` where JSON has it under a key). Types without a text here: ObjectMeta, LabelSelector
(their JSON tags print), ResourceList, Raw.
Upstream: pkg/apis/{core,storage,resource}/types.go.
"""

from __future__ import annotations

SHAPES: dict[str, str] = {
    # core: what many quote
    "SecretReference": "Name Namespace",
    "EventSource": "Component Host",
    "ObjectReference": "Kind Namespace Name UID APIVersion ResourceVersion FieldPath",
    "NodeSelector": "NodeSelectorTerms[]NodeSelectorTerm",
    "NodeSelectorTerm": "MatchExpressions[]NodeSelectorRequirement MatchFields[]NodeSelectorRequirement",
    "NodeSelectorRequirement": "Key Operator Values[]",
    # core: claims
    "PersistentVolumeClaimSpec": (
        "AccessModes[] Selector*LabelSelector Resources:VolumeResourceRequirements VolumeName StorageClassName* VolumeMode* "
        "DataSource*TypedLocalObjectReference DataSourceRef*TypedObjectReference VolumeAttributesClassName*"
    ),
    "VolumeResourceRequirements": "Limits*ResourceList Requests*ResourceList",
    "TypedLocalObjectReference": "APIGroup* Kind Name",
    "TypedObjectReference": "APIGroup* Kind Name Namespace*",
    # core: volumes
    "PersistentVolumeSpec": (
        "Capacity*ResourceList PersistentVolumeSource/...PersistentVolumeSource AccessModes[] ClaimRef*ObjectReference PersistentVolumeReclaimPolicy "
        "StorageClassName MountOptions[] VolumeMode* NodeAffinity*VolumeNodeAffinity VolumeAttributesClassName*"
    ),
    "VolumeNodeAffinity": "Required*NodeSelector",
    "PersistentVolumeSource": (
        "GCEPersistentDisk*GCEPersistentDiskVolumeSource AWSElasticBlockStore*AWSElasticBlockStoreVolumeSource HostPath*HostPathVolumeSource "
        "Glusterfs*GlusterfsPersistentVolumeSource NFS*NFSVolumeSource RBD*RBDPersistentVolumeSource Quobyte*QuobyteVolumeSource "
        "ISCSI*ISCSIPersistentVolumeSource FlexVolume*FlexPersistentVolumeSource Cinder*CinderPersistentVolumeSource "
        "CephFS/cephfs*CephFSPersistentVolumeSource FC*FCVolumeSource Flocker*FlockerVolumeSource AzureFile*AzureFilePersistentVolumeSource "
        "VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource "
        "PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOPersistentVolumeSource Local*LocalVolumeSource "
        "StorageOS/storageos*StorageOSPersistentVolumeSource CSI*CSIPersistentVolumeSource"
    ),
    "GCEPersistentDiskVolumeSource": "PDName FSType Partition# ReadOnly?",
    "AWSElasticBlockStoreVolumeSource": "VolumeID FSType Partition# ReadOnly?",
    "HostPathVolumeSource": "Path Type*",
    "GlusterfsPersistentVolumeSource": "EndpointsName/endpoints Path ReadOnly? EndpointsNamespace*",
    "NFSVolumeSource": "Server Path ReadOnly?",
    "RBDPersistentVolumeSource": "CephMonitors/monitors[] RBDImage/image FSType RBDPool/pool RadosUser/user Keyring SecretRef*SecretReference ReadOnly?",
    "QuobyteVolumeSource": "Registry Volume ReadOnly? User Group Tenant",
    "ISCSIPersistentVolumeSource": (
        "TargetPortal IQN Lun# ISCSIInterface/iscsiInterface FSType ReadOnly? Portals[] DiscoveryCHAPAuth/chapAuthDiscovery? "
        "SessionCHAPAuth/chapAuthSession? SecretRef*SecretReference InitiatorName*"
    ),
    "FlexPersistentVolumeSource": "Driver FSType SecretRef*SecretReference ReadOnly? Options{}",
    "CinderPersistentVolumeSource": "VolumeID FSType ReadOnly? SecretRef*SecretReference",
    "CephFSPersistentVolumeSource": "Monitors[] Path User SecretFile SecretRef*SecretReference ReadOnly?",
    "FCVolumeSource": "TargetWWNs[] Lun* FSType ReadOnly? WWIDs/wwids[]",
    "FlockerVolumeSource": "DatasetName DatasetUUID",
    "AzureFilePersistentVolumeSource": "SecretName ShareName ReadOnly? SecretNamespace*",
    "VsphereVirtualDiskVolumeSource": "VolumePath FSType StoragePolicyName StoragePolicyID",
    "AzureDiskVolumeSource": "DiskName DataDiskURI/diskURI CachingMode* FSType* ReadOnly* Kind*",
    "PhotonPersistentDiskVolumeSource": "PdID FSType",
    "PortworxVolumeSource": "VolumeID FSType ReadOnly?",
    "ScaleIOPersistentVolumeSource": (
        "Gateway System SecretRef*SecretReference SSLEnabled? ProtectionDomain StoragePool StorageMode VolumeName FSType ReadOnly?"
    ),
    "LocalVolumeSource": "Path FSType*",
    "StorageOSPersistentVolumeSource": "VolumeName VolumeNamespace FSType ReadOnly? SecretRef*ObjectReference",
    "CSIPersistentVolumeSource": (
        "Driver VolumeHandle ReadOnly? FSType VolumeAttributes{} ControllerPublishSecretRef*SecretReference NodeStageSecretRef*SecretReference "
        "NodePublishSecretRef*SecretReference ControllerExpandSecretRef*SecretReference NodeExpandSecretRef*SecretReference"
    ),
    # storage
    "VolumeAttachmentSpec": "Attacher Source:VolumeAttachmentSource NodeName",
    "VolumeAttachmentSource": "PersistentVolumeName* InlineVolumeSpec*PersistentVolumeSpec",
    "CSINodeDriver": "Name NodeID TopologyKeys[] Allocatable*VolumeNodeResources",
    "VolumeNodeResources": "Count*",
    # resource
    "ResourceClaimSpec": "Devices:DeviceClaim",
    "ResourceClaimTemplateSpec": "ObjectMeta/metadata...ObjectMeta Spec:ResourceClaimSpec",
    "DeviceClaim": "Requests[]DeviceRequest Constraints[]DeviceConstraint Config[]DeviceClaimConfiguration",
    "DeviceRequest": "Name Exactly*ExactDeviceRequest FirstAvailable[]DeviceSubRequest",
    "ExactDeviceRequest": (
        "DeviceClassName Selectors[]DeviceSelector AllocationMode Count# AdminAccess* Tolerations[]DeviceToleration Capacity*CapacityRequirements"
    ),
    "DeviceSubRequest": "Name DeviceClassName Selectors[]DeviceSelector AllocationMode Count# Tolerations[]DeviceToleration Capacity*CapacityRequirements",
    "CapacityRequirements": "Requests*ResourceList",
    "DeviceSelector": "CEL*CELDeviceSelector",
    "CELDeviceSelector": "Expression",
    "DeviceConstraint": "Requests[] MatchAttribute* DistinctAttribute*",
    "DeviceClaimConfiguration": "Requests[] Opaque*OpaqueDeviceConfiguration",
    "OpaqueDeviceConfiguration": "Driver Parameters:Raw",
    "DeviceToleration": "Key Operator Value Effect TolerationSeconds*",
    "AllocationResult": "Devices:DeviceAllocationResult NodeSelector*NodeSelector AllocationTimestamp*",
    "DeviceAllocationResult": "Results[]DeviceRequestAllocationResult Config[]DeviceAllocationConfiguration",
    "DeviceRequestAllocationResult": (
        "Request Driver Pool Device AdminAccess* Tolerations[]DeviceToleration BindingConditions[] BindingFailureConditions[] ShareID* "
        "ConsumedCapacity*ResourceList"
    ),
    "DeviceAllocationConfiguration": "Source Requests[] Opaque*OpaqueDeviceConfiguration",
    "DeviceAttribute": "IntValue/int* BoolValue/bool* StringValue/string* VersionValue/version* IntValues/ints[] BoolValues/bools[] "
    "StringValues/strings[] VersionValues/versions[]",
    # admission policies
    "AuditAnnotation": "Key ValueExpression",
    # flow control
    "FlowSchemaSpec": (
        "PriorityLevelConfiguration:PriorityLevelConfigurationReference MatchingPrecedence# DistinguisherMethod*FlowDistinguisherMethod "
        "Rules[]PolicyRulesWithSubjects"
    ),
    "PriorityLevelConfigurationReference": "Name",
    "FlowDistinguisherMethod": "Type",
    "PolicyRulesWithSubjects": "Subjects[]FlowSubject ResourceRules[]ResourcePolicyRule NonResourceRules[]NonResourcePolicyRule",
    "FlowSubject": "Kind User*NamedSubject Group*NamedSubject ServiceAccount*ServiceAccountSubject",
    "NamedSubject": "Name",
    "ServiceAccountSubject": "Namespace Name",
    "ResourcePolicyRule": "Verbs[] APIGroups[] Resources[] ClusterScope? Namespaces[]",
    "NonResourcePolicyRule": "Verbs[] NonResourceURLs/nonResourceURLs[]",
    "PriorityLevelConfigurationSpec": "Type Limited*LimitedPriorityLevelConfiguration Exempt*ExemptPriorityLevelConfiguration",
    "LimitedPriorityLevelConfiguration": "NominalConcurrencyShares# LimitResponse:LimitResponse LendablePercent* BorrowingLimitPercent*",
    "ExemptPriorityLevelConfiguration": "NominalConcurrencyShares* LendablePercent*",
    "LimitResponse": "Type Queuing*QueuingConfiguration",
    "QueuingConfiguration": "Queues# HandSize# QueueLengthLimit#",
}
