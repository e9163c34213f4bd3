# What round.py deploys, changes and takes away again.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" {}
variable "stream" {}

variable "shards" {
  type    = number
  default = 2
}

variable "retention" {
  type    = number
  default = 48
}

variable "metrics" {
  type    = set(string)
  default = ["IncomingBytes", "OutgoingBytes"]
}

variable "team" {
  default = "a"
}

variable "encryption" {
  default = "KMS"
}

variable "consumers" {
  type    = number
  default = 0
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_get_ec2_platforms      = true

  # The provider asks IAM who calls before it asks STS: the server says at once that it is not there.
  endpoints {
    kinesis = var.endpoint
    iam     = var.endpoint
    sts     = var.endpoint
  }
}

resource "aws_kinesis_stream" "orders" {
  name                      = var.stream
  shard_count               = var.shards
  retention_period          = var.retention
  shard_level_metrics       = var.metrics
  encryption_type           = var.encryption
  kms_key_id                = var.encryption == "KMS" ? "alias/aws/kinesis" : null
  enforce_consumer_deletion = true

  tags = {
    team = var.team
  }
}

resource "aws_kinesis_stream_consumer" "billing" {
  count      = var.consumers
  name       = "billing"
  stream_arn = aws_kinesis_stream.orders.arn
}

output "arn" {
  value = aws_kinesis_stream.orders.arn
}
