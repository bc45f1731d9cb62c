import type { ComponentChildren } from "preact";

import { Tag } from "../../parts/notice";
import type { Finding, ImageReport as Report } from "./api_types";
import type { Size } from "./picture/profiles";
import { MarkedPicture } from "./report_marks";
import { formatLimit, formatMeasured, words } from "./report_words";
import { words as common } from "./words";

/** The report on one picture: first errors, then warnings and hints. The passed rules are in a collapsed section. */
export function ImageReport({ image, url, size, children }: { image: Report; url: string | undefined; size: Size | undefined; children: ComponentChildren }) {
  const t = words();
  const name = common().image[image.kind];
  const failed = image.findings.filter(({ ok }) => !ok);
  const errors = failed.filter(({ severity }) => severity === "error");
  const warnings = failed.filter(({ severity }) => severity === "warning");
  const hints = failed.filter(({ severity }) => severity === "hint");
  const passed = image.findings.filter(({ ok }) => ok);
  return (
    <section class={`report report-${image.kind}`} aria-labelledby={`report-${image.kind}`}>
      {url !== undefined && size !== undefined && <MarkedPicture image={image} url={url} name={name} size={size} findingsId={`findings-${image.kind}`} />}
      <div class="report-text" id={`findings-${image.kind}`}>
        <h2 class="govgr-heading-m" id={`report-${image.kind}`}>
          {name}
        </h2>
        <p class="report-tags">
          {errors.length > 0 && <Tag kind="bad">{t.errors(errors.length)}</Tag>}
          {warnings.length > 0 && <Tag kind="care">{t.warnings(warnings.length)}</Tag>}
          {hints.length > 0 && <Tag kind="quiet">{t.hints(hints.length)}</Tag>}
          {failed.length === 0 && <Tag kind="good">{t.good}</Tag>}
        </p>
        {failed.length > 0 && (
          <ul class="findings">
            {[...errors, ...warnings, ...hints].map((finding) => (
              <FailedRule key={finding.rule} finding={finding} />
            ))}
          </ul>
        )}
        {children}
        {passed.length > 0 && (
          <details class="passed">
            <summary>{t.passed(passed.length)}</summary>
            <dl class="measures">
              {passed.map((finding) => (
                <div key={finding.rule}>
                  <dt>{t.rules[finding.rule]}</dt>
                  <dd>
                    {formatMeasured(finding) ?? t.yes} <Limit finding={finding} />
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </section>
  );
}

function FailedRule({ finding }: { finding: Finding }) {
  const t = words();
  return (
    <li class={`finding finding-${finding.severity}`} data-rule={finding.rule}>
      <p class="finding-name">
        <span class="finding-kind">{t[finding.severity]}:</span> {t.rules[finding.rule]}
      </p>
      {/* The service's text contains the measured value and the limit. */}
      <p>{finding.text ?? (finding.measured === undefined ? "" : t.numbers(formatMeasured(finding) ?? "", formatLimit(finding) ?? ""))}</p>
    </li>
  );
}

function Limit({ finding }: { finding: Finding }) {
  const limit = formatLimit(finding);
  return limit === undefined ? null : <span class="measure-limit">({limit})</span>;
}
