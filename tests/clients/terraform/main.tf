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
  default = 2
}

variable "retention" {
  default = 48
}

variable "metrics" {
  default = ["IncomingBytes", "OutgoingBytes"]
}

variable "team" {
  default = "a"
}

variable "consumers" {
  default = 0
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_get_ec2_platforms      = true

  endpoints {
    kinesis = var.endpoint
    sts     = var.endpoint
  }
}

resource "aws_kinesis_stream" "orders" {
  name                      = var.stream
  shard_count               = var.shards
  retention_period          = var.retention
  shard_level_metrics       = var.metrics
  encryption_type           = "KMS"
  kms_key_id                = "alias/aws/kinesis"
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
