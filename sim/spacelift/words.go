package spacelift

import "strings"

// What the made-up company is made of. Its people are those of examples/acme.
var (
	people = []string{
		"ada.okafor@acme.example.com", "ben.lindqvist@acme.example.com", "carla.mendes@acme.example.com",
		"dmitri.volkov@acme.example.com", "hiro.tanaka@acme.example.com", "jonas.weber@acme.example.com",
		"mina.park@acme.example.com", "liam.murphy@acme.example.com",
	}
	branches = []string{
		"feature/larger-nodes", "fix/security-group", "renovate/aws-6.x", "feature/private-endpoints", "chore/tags",
		"feature/backup-window", "fix/iam-boundary",
	}
	tasks = []string{
		"terraform state list", "terraform output -json", "terraform force-unlock -force 3c1f", "terraform state rm aws_instance.old",
	}
	resourceKinds = []string{
		"aws_subnet", "aws_security_group", "aws_iam_role", "aws_db_instance", "aws_s3_bucket", "aws_lb_listener",
		"aws_route53_record", "aws_kms_key", "aws_cloudwatch_metric_alarm", "kubernetes_namespace",
	}
	resourceNames = []string{"primary", "replica", "private", "public", "batch", "audit", "edge", "internal", "archive"}
	messages      = []string{
		"Raise the connection limit of the pool", "Rotate the deployment role", "Add a replica in eu-west-1b", "Pin provider versions",
		"Tag everything with its owner", "Close port 22 for good", "Move the subnets to /22", "Keep backups for 35 days",
		"Alert on replication lag", "Let the courier app read proofs of delivery", "Smaller nodes outside office hours",
		"Encrypt the topic at rest", "Drop the unused load balancer", "Allow the portal to read cluster status",
		"Bump PostgreSQL to 17.6", "Use the shared network module", "Restrict egress of batch jobs", "More partitions for scans",
		"Fix the name of the log bucket", "Turn on deletion protection",
	}
)

// fullName makes "Jane Doe" of jane.doe@…
func fullName(email string) string {
	parts := strings.Split(login(email), ".")
	for i, part := range parts {
		parts[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, " ")
}

func login(email string) string {
	name, _, _ := strings.Cut(email, "@")
	return name
}
