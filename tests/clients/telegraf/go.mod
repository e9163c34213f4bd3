module metrics

go 1.25.5

require (
	github.com/aws/aws-sdk-go-v2 v1.41.1
	github.com/aws/aws-sdk-go-v2/config v1.32.7
	github.com/aws/aws-sdk-go-v2/service/kinesis v1.42.10
	github.com/influxdata/telegraf v1.37.2
)
