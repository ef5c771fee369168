{{- define "store-exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "store-exporter.selector" -}}
app.kubernetes.io/name: store-exporter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "store-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "store-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "store-exporter.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "store-exporter.configMap" -}}
{{ .Values.existingConfigMap | default (include "store-exporter.fullname" .) }}
{{- end -}}

{{- /* What the exporter reads; the folder of the volume goes before anything that is given. */ -}}
{{- define "store-exporter.config" -}}
{{- mergeOverwrite (deepCopy .Values.config) (dict "state_directory" "/var/lib/store-exporter") | toYaml -}}
{{- end -}}
