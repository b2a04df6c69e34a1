package spacelift

import (
	"fmt"

	"github.com/graph-gophers/graphql-go"
)

type policyView struct {
	PolicyID               graphql.ID
	PolicyName, PolicyType string
}

type contextView struct {
	ContextID   graphql.ID
	ContextName string
	Priority    int32
}

type integrationsView struct{ DriftDetection *driftView }

type driftView struct {
	Reconcile, IgnoreState bool
	Schedule               []string
	Timezone               *string
}

type dependencyView struct {
	ID             graphql.ID
	Stack          *stackView
	DependsOnStack *stackView
}

// AttachedPolicies are what decides about runs of the stack.
func (v *stackView) AttachedPolicies() []*policyView {
	views := []*policyView{}
	for _, p := range v.stack.policies {
		views = append(views, &policyView{PolicyID: graphql.ID(p.id), PolicyName: p.name, PolicyType: p.kind})
	}
	return views
}

// AttachedContexts are bundles of variables and files.
func (v *stackView) AttachedContexts() []*contextView {
	views := []*contextView{}
	for _, c := range v.stack.contexts {
		views = append(views, &contextView{ContextID: graphql.ID(c.id), ContextName: c.name, Priority: c.priority})
	}
	return views
}

// Integrations has drift detection, if the stack has it.
func (v *stackView) Integrations() *integrationsView {
	d := v.stack.drift
	if d == nil {
		return &integrationsView{}
	}
	return &integrationsView{DriftDetection: &driftView{
		Reconcile: d.reconcile, IgnoreState: d.ignoreState, Schedule: []string{d.schedule}, Timezone: optional("UTC"),
	}}
}

// DependsOn are stacks that go first.
func (v *stackView) DependsOn() []*dependencyView {
	defer v.server.world.lock()()
	views := []*dependencyView{}
	for _, other := range v.stack.dependsOn {
		views = append(views, v.dependency(v.stack, other))
	}
	return views
}

// IsDependedOnBy are stacks that go after this one.
func (v *stackView) IsDependedOnBy() []*dependencyView {
	defer v.server.world.lock()()
	views := []*dependencyView{}
	for _, other := range v.stack.dependedOnBy {
		views = append(views, v.dependency(other, v.stack))
	}
	return views
}

func (v *stackView) dependency(from, to *stack) *dependencyView {
	return &dependencyView{
		ID:    graphql.ID(id(from.createdAt, mixString(v.server.world.seed, from.id+">"+to.id))),
		Stack: v.server.viewStack(from, v.caller), DependsOnStack: v.server.viewStack(to, v.caller),
	}
}

// vendorView is all members of the union at once; which one it is, its vendor says.
type vendorView struct {
	vendor                              string
	Version, Workspace, WorkflowTool    *string
	TerraformVersion, TerragruntVersion *string
	UseRunAll                           bool
	LoginURL, StackName, Region         *string
	Namespace, KubectlVersion, Playbook *string
}

// VendorConfig is what the stack is written in.
func (v *stackView) VendorConfig() *vendorView {
	st := v.stack
	view := &vendorView{vendor: st.vendor, Version: optional(st.version)}
	switch st.vendor {
	case "Terraform":
		view.WorkflowTool = optional("TERRAFORM_FOSS")
	case "OpenTofu":
		view.WorkflowTool = optional("OPEN_TOFU")
	case "Terragrunt":
		view.TerraformVersion, view.TerragruntVersion, view.UseRunAll = optional(st.version), optional("0.72.6"), true
	case "Pulumi":
		view.LoginURL, view.StackName = optional("s3://acme-pulumi-state"), optional(st.id)
	case "CloudFormation":
		view.StackName, view.Region = optional(st.id), optional("eu-west-1")
	case "Kubernetes":
		view.Namespace, view.KubectlVersion = optional(st.repository), optional("1.33.1")
	case "Ansible":
		view.Playbook = optional("site.yml")
	}
	return view
}

func (v *vendorView) as(vendor string) (*vendorView, bool) { return v, v.vendor == vendor }

// The To methods are how graph-gophers asks which member of a union it has.

// ToStackConfigVendorTerraform says whether it is Terraform.
func (v *vendorView) ToStackConfigVendorTerraform() (*vendorView, bool) { return v.as("Terraform") }

// ToStackConfigVendorOpenTofu says whether it is OpenTofu.
func (v *vendorView) ToStackConfigVendorOpenTofu() (*vendorView, bool) { return v.as("OpenTofu") }

// ToStackConfigVendorTerragrunt says whether it is Terragrunt.
func (v *vendorView) ToStackConfigVendorTerragrunt() (*vendorView, bool) { return v.as("Terragrunt") }

// ToStackConfigVendorPulumi says whether it is Pulumi.
func (v *vendorView) ToStackConfigVendorPulumi() (*vendorView, bool) { return v.as("Pulumi") }

// ToStackConfigVendorCloudFormation says whether it is CloudFormation.
func (v *vendorView) ToStackConfigVendorCloudFormation() (*vendorView, bool) {
	return v.as("CloudFormation")
}

// ToStackConfigVendorKubernetes says whether it is Kubernetes.
func (v *vendorView) ToStackConfigVendorKubernetes() (*vendorView, bool) { return v.as("Kubernetes") }

// ToStackConfigVendorAnsible says whether it is Ansible.
func (v *vendorView) ToStackConfigVendorAnsible() (*vendorView, bool) { return v.as("Ansible") }

type entityView struct {
	ID               graphql.ID
	Name, Type       string
	Address, Parent  *string
	Drifted          *int32
	Creator, Updater *runView
	StackID          *graphql.ID
	StackName        *string
}

// Entities are the resources that the stack manages. The first ones are those that have drifted.
func (v *stackView) Entities() []*entityView {
	defer v.server.world.lock()()
	w, st := v.server.world, v.stack
	views := make([]*entityView, 0, st.resources)
	stackID := graphql.ID(st.id)
	for n := range st.resources {
		kind, name := resourceName(mixString(w.seed, st.id), n)
		view := &entityView{
			ID: graphql.ID(fmt.Sprintf("%s/%s.%s", st.id, kind, name)), Name: name, Type: kind, Address: optional(kind + "." + name),
			StackID: &stackID, StackName: optional(st.name),
		}
		if n < st.drifted {
			at := unix(st.stateSetAt)
			view.Drifted = &at
		}
		views = append(views, view)
	}
	return views
}

// resourceName makes up the n-th resource out of a seed.
func resourceName(seed uint64, n int) (kind, name string) {
	d := roll(seed, 0xe7, uint64(n)) //nolint:gosec // a count
	return d.pick(resourceKinds), fmt.Sprintf("%s_%d", d.pick(resourceNames), n+1)
}
