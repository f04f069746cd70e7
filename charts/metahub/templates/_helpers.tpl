{{- define "metahub.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 44 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 44 characters: a Service's name has 63, of which -controller-metrics takes 19. */}}
{{- define "metahub.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" -}}
{{- else if contains (include "metahub.name" .) .Release.Name -}}
{{- .Release.Name | trunc 44 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "metahub.name" .) | trunc 44 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "metahub.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: metahub
{{ include "metahub.selector" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "metahub.selector" -}}
app.kubernetes.io/name: {{ include "metahub.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "metahub.webhook.name" -}}{{ include "metahub.fullname" . }}-webhook{{- end -}}
{{- define "metahub.controller.name" -}}{{ include "metahub.fullname" . }}-controller{{- end -}}
{{- define "metahub.keeper.name" -}}{{ include "metahub.fullname" . }}-keeper{{- end -}}

{{- define "metahub.webhook.account" -}}
{{- if .Values.webhook.serviceAccount.create -}}
{{- default (include "metahub.webhook.name" .) .Values.webhook.serviceAccount.name -}}
{{- else -}}
{{- required "webhook.serviceAccount.name is needed with webhook.serviceAccount.create: false" .Values.webhook.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "metahub.controller.account" -}}
{{- if .Values.controller.serviceAccount.create -}}
{{- default (include "metahub.controller.name" .) .Values.controller.serviceAccount.name -}}
{{- else -}}
{{- required "controller.serviceAccount.name is needed with controller.serviceAccount.create: false" .Values.controller.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "metahub.keeper.account" -}}
{{- if .Values.keeper.serviceAccount.create -}}
{{- default (include "metahub.keeper.name" .) .Values.keeper.serviceAccount.name -}}
{{- else -}}
{{- required "keeper.serviceAccount.name is needed with keeper.serviceAccount.create: false" .Values.keeper.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "metahub.proxy.account" -}}
{{- if .Values.proxy.serviceAccount.create -}}
{{- default (include "metahub.proxy.name" .) .Values.proxy.serviceAccount.name -}}
{{- else -}}
{{- required "proxy.serviceAccount.name is needed with proxy.serviceAccount.create: false" .Values.proxy.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "metahub.console.account" -}}
{{- if .Values.console.serviceAccount.create -}}
{{- default (include "metahub.console.name" .) .Values.console.serviceAccount.name -}}
{{- else -}}
{{- required "console.serviceAccount.name is needed with console.serviceAccount.create: false" .Values.console.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "metahub.console.name" -}}{{ include "metahub.fullname" . }}-console{{- end -}}

{{- define "metahub.console.tlsSecret" -}}
{{- default (printf "%s-tls" (include "metahub.console.name" .)) .Values.console.tls.secretName -}}
{{- end -}}

{{/* The filtering registry's host for the lines of credentials: as given, or the release's own. */}}
{{- define "metahub.console.registry" -}}
{{- if .Values.console.registry -}}
{{- .Values.console.registry -}}
{{- else if .Values.proxy.enabled -}}
{{- (urlParse .Values.proxy.externalUrl).host -}}
{{- end -}}
{{- end -}}

{{- define "metahub.proxy.name" -}}{{ include "metahub.fullname" . }}-proxy{{- end -}}
{{- define "metahub.tokenKeysSecret" -}}{{ include "metahub.proxy.name" . }}-keys{{- end -}}

{{- define "metahub.proxy.tlsSecret" -}}
{{- default (printf "%s-tls" (include "metahub.proxy.name" .)) .Values.proxy.tls.secretName -}}
{{- end -}}

{{- define "metahub.authoritySecret" -}}{{ include "metahub.webhook.name" . }}-authority{{- end -}}
{{- define "metahub.keysSecret" -}}{{ include "metahub.webhook.name" . }}-keys{{- end -}}

{{- define "metahub.tlsSecret" -}}
{{- if .Values.certificates.secretName -}}
{{- .Values.certificates.secretName -}}
{{- else if eq .Values.certificates.mode "existingSecret" -}}
{{- fail "certificates.secretName is needed with certificates.mode: existingSecret" -}}
{{- else -}}
{{- printf "%s-tls" (include "metahub.webhook.name" .) -}}
{{- end -}}
{{- end -}}

{{- define "metahub.lease" -}}{{ include "metahub.controller.name" . }}{{- end -}}

{{- define "metahub.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* PodSecurity restricted. */}}
{{- define "metahub.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "metahub.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Probes; call with the Deployment's values. */}}
{{- define "metahub.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{/* What the Deployments say of where their Pods run: dict "values" (of webhook, controller or keeper), "selector". */}}
{{- define "metahub.scheduling" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* A soft spread over two keys does nothing on nodes that lack one of them (the scheduler scores those 0), and many
clusters have no zones: so one key here, and the zone as a preference of its own. */}}
affinity:
{{- if .values.affinity }}
  {{- toYaml .values.affinity | nindent 2 }}
{{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 50
      podAffinityTerm:
        topologyKey: topology.kubernetes.io/zone
        labelSelector:
          matchLabels:
            {{- $.selector | nindent 12 }}
{{- end }}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $.selector | nindent 6 }}
{{- end -}}

{{/* Values that only make sense together. */}}
{{- define "metahub.check" -}}
{{- if and (not .Values.webhook.deploy) (not .Values.webhook.url) -}}
{{- fail "webhook.deploy: false needs webhook.url, for example https://10.0.0.5:8443/SEGMENT: otherwise the API server would have nothing to call" -}}
{{- end -}}
{{- if ge (int .Values.webhook.deadlineMs) (mul 1000 (int .Values.webhook.timeoutSeconds)) -}}
{{- fail (printf "webhook.deadlineMs (%d) must be below webhook.timeoutSeconds (%d s): the webhook has to answer before the API server stops waiting" (int .Values.webhook.deadlineMs) (int .Values.webhook.timeoutSeconds)) -}}
{{- end -}}
{{- if ge (int .Values.webhook.drainMs) (mul 1000 (int .Values.webhook.terminationGracePeriodSeconds)) -}}
{{- fail "webhook.drainMs must be below webhook.terminationGracePeriodSeconds: the kubelet would kill the webhook while it drains" -}}
{{- end -}}
{{- if ge (add (int .Values.proxy.drainMs) 5000) (mul 1000 (int .Values.proxy.terminationGracePeriodSeconds)) -}}
{{- fail "proxy.drainMs must be more than 5000 below proxy.terminationGracePeriodSeconds: the kubelet would kill the registry before pulls under way have ended" -}}
{{- end -}}
{{- if and (eq .Values.pullSecrets.mode "namespaces") (not .Values.pullSecrets.namespaces) -}}
{{- fail "pullSecrets.mode: namespaces needs pullSecrets.namespaces, for example [team-a]" -}}
{{- end -}}
{{- if and (ne .Values.pullSecrets.mode "namespaces") .Values.pullSecrets.namespaces -}}
{{- fail "pullSecrets.namespaces is only read with pullSecrets.mode: namespaces" -}}
{{- end -}}
{{- if not .Values.keeper -}}
{{- fail "there are no values of the keeper: upgrade with --reset-then-reuse-values, not with --reuse-values" -}}
{{- end -}}
{{- $accounts := list (include "metahub.webhook.account" .) (include "metahub.controller.account" .) (include "metahub.keeper.account" .) -}}
{{- if .Values.proxy.enabled -}}
{{- $accounts = append $accounts (include "metahub.proxy.account" .) -}}
{{- end -}}
{{- if .Values.console.enabled -}}
{{- $accounts = append $accounts (include "metahub.console.account" .) -}}
{{- if not .Values.console.externalUrl -}}
{{- fail "console.enabled needs console.externalUrl, as browsers reach it: https://console.example.com" -}}
{{- end -}}
{{- if and (eq .Values.console.tls.mode "certManager") (not .Values.console.tls.issuerRef) -}}
{{- fail "console.tls.mode: certManager needs console.tls.issuerRef, for example {name: letsencrypt, kind: ClusterIssuer}" -}}
{{- end -}}
{{- if and .Values.console.gateway.enabled (not .Values.console.gateway.parentRefs) -}}
{{- fail "console.gateway.enabled needs console.gateway.parentRefs, for example [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and (or .Values.console.ingress.enabled .Values.console.gateway.enabled) (not .Values.console.trustedProxies) -}}
{{- fail "console.ingress and console.gateway need console.trustedProxies, the addresses or networks of your ingress controller, for example [10.0.0.0/8]: otherwise all people have one address, and one of them who mistypes keeps everybody out" -}}
{{- end -}}
{{- if and .Values.console.openid.issuer (not .Values.console.openid.clientId) -}}
{{- fail "console.openid.issuer needs console.openid.clientId: the client that the API server trusts" -}}
{{- end -}}
{{- if and (not .Values.console.openid.issuer) (or .Values.console.openid.clientId .Values.console.openid.clientSecret .Values.console.openid.caConfigMap) -}}
{{- fail "console.openid.clientId, clientSecret and caConfigMap are only read with console.openid.issuer" -}}
{{- end -}}
{{- if hasSuffix ":443" .Values.console.externalUrl -}}
{{- fail "console.externalUrl: leave out :443, as browsers do" -}}
{{- end -}}
{{- end -}}
{{- if ne (len (uniq $accounts)) (len $accounts) -}}
{{- fail "webhook, controller, keeper, proxy and console need accounts of their own: with one of two, each would have the rights of both" -}}
{{- end -}}
{{- if .Values.proxy.enabled -}}
{{- if not .Values.proxy.externalUrl -}}
{{- fail "proxy.enabled needs proxy.externalUrl, as clients reach it: https://hub.example.com" -}}
{{- end -}}
{{- if not .Values.keeper.deploy -}}
{{- fail "proxy.enabled needs keeper.deploy: the keeper keeps the keys of its tokens" -}}
{{- end -}}
{{- if and (eq .Values.proxy.tls.mode "certManager") (not .Values.proxy.tls.issuerRef) -}}
{{- fail "proxy.tls.mode: certManager needs proxy.tls.issuerRef, for example {name: letsencrypt, kind: ClusterIssuer}" -}}
{{- end -}}
{{- if and .Values.proxy.gateway.enabled (not .Values.proxy.gateway.parentRefs) -}}
{{- fail "proxy.gateway.enabled needs proxy.gateway.parentRefs, for example [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and .Values.proxy.autoscaling.enabled (not .Values.proxy.autoscaling.requestsPerSecond) (not .Values.proxy.autoscaling.cpuUtilization) -}}
{{- fail "proxy.autoscaling.enabled needs requestsPerSecond or cpuUtilization: something to scale by" -}}
{{- end -}}
{{- end -}}
{{- if has (include "metahub.tlsSecret" .) (list (include "metahub.authoritySecret" .) (include "metahub.keysSecret" .)) -}}
{{- fail "certificates.secretName is the name of one of the keeper's other Secrets: choose another" -}}
{{- end -}}
{{- if and (eq .Values.certificates.mode "existingSecret") (not .Values.certificates.caBundle) -}}
{{- fail "certificates.caBundle is needed with certificates.mode: existingSecret: the PEM of the authority that signed it" -}}
{{- end -}}
{{- end -}}
