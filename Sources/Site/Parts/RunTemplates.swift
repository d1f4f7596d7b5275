extension Templates {
  static let runs = #"""
    <h1>Runs</h1>
    <p class="lead">{{lead}}</p>
    <div class="scroll" role="region" aria-label="Runs by data set" tabindex="0">
    <table class="wide">
    <thead><tr><th scope="col">Data set</th><th scope="col" class="num">Runs</th><th scope="col" class="num">Networks</th><th scope="col" class="num">Methods</th><th scope="col" class="num">Training</th><th scope="col" class="num">Folders here</th></tr></thead>
    <tbody>
    {{#entries}}
    <tr><th scope="row"><a href="{{href}}">{{label}}</a></th><td class="num">{{count}}</td><td class="num">{{networks}}</td><td class="num">{{methods}}</td><td class="num">{{hours}}</td><td class="num">{{here}}</td></tr>
    {{/entries}}
    </tbody>
    </table>
    </div>

    """#

  static let dataset = #"""
    <h1>{{heading}}</h1>
    <p class="lead">{{lead}}</p>
    <form class="filters" data-for="{{listID}}" hidden>
    {{#filters}}
    <label for="{{key}}">{{label}}
    <select id="{{key}}" data-part="{{part}}"><option value="">all</option>{{#options}}<option value="{{value}}">{{label}}</option>{{/options}}</select></label>
    {{/filters}}
    <label for="runs-search">Search
    <input id="runs-search" type="search" autocomplete="off"></label>
    <button class="plain" type="reset">Reset</button>
    <p class="count" role="status" aria-live="polite"></p>
    </form>
    <div class="scroll" role="region" aria-label="{{heading}}" tabindex="0">
    <table class="wide" id="{{listID}}" data-sortable>
    <thead><tr><th scope="col">Spec</th><th scope="col">Network</th><th scope="col">Method</th><th scope="col">Seed</th><th scope="col" class="num">mIoU</th><th scope="col" class="num">Acc</th><th scope="col" class="num">ECE</th><th scope="col" class="num">Wall time</th></tr></thead>
    <tbody>
    {{#rows}}
    <tr data-model="{{model}}" data-method="{{method}}"><th scope="row"><a href="{{href}}"><code>{{short}}</code></a></th><td>{{model}}</td><td>{{method}}</td><td>{{seed}}</td>{{#miou}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/miou}}{{#accuracy}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/accuracy}}{{#ece}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/ece}}{{#wall}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/wall}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>

    """#

  static let run = #"""
    <h1>{{heading}}</h1>
    <p class="note"><code>{{id}}</code></p>
    <div class="pair">
    <section aria-labelledby="facts">
    <h2 id="facts">Where it comes from</h2>
    <dl class="facts">
    {{#facts}}
    <dt>{{name}}</dt><dd>{{text}}{{#links}}{{#isLink}}<a href="{{href}}"><code>{{label}}</code></a> {{/isLink}}{{^isLink}}<code>{{label}}</code> {{/isLink}}{{/links}}</dd>
    {{/facts}}
    </dl>
    {{#hasUses}}
    <h2>Cells that it is in</h2>
    <ul>
    {{#uses}}
    <li>{{#link}}<a href="{{href}}">{{label}}</a>{{/link}}: {{place}}</li>
    {{/uses}}
    </ul>
    {{/hasUses}}
    </section>
    <section aria-labelledby="metrics">
    <h2 id="metrics">What it reached</h2>
    <div class="scroll" role="region" aria-label="Metrics" tabindex="0">
    <table class="wide">
    <thead><tr><th scope="col">Metric</th><th scope="col">Better</th>{{#points}}<th scope="col" class="num">{{label}}</th>{{/points}}<th scope="col">Unit</th></tr></thead>
    <tbody>
    {{#metrics}}
    <tr><th scope="row">{{label}}</th><td class="none">{{better}}</td>{{#numbers}}<td class="num">{{.}}</td>{{/numbers}}<td class="none">{{unit}}</td></tr>
    {{/metrics}}
    </tbody>
    </table>
    </div>
    <p class="note">Over all pixels of the data set; ^I: of each image, then the mean; ^C: of each class in each image that has it, then the mean over its images and over classes.</p>
    </section>
    </div>
    {{^hasDetail}}
    <h2>Classes, calibration and curves</h2>
    <p>The counts of classes and images, the curves and the weights lie in the run’s folder, which is not here. This trains the run:</p>
    <pre><code>{{command}}</code></pre>
    {{/hasDetail}}
    {{#hasDetail}}
    <div class="pair">
    {{#charts}}
    <section>
    <h2>{{heading}}</h2>
    <figure>{{{svg}}}<figcaption>{{caption}}</figcaption></figure>
    </section>
    {{/charts}}
    </div>
    {{/hasDetail}}
    {{#hasPictures}}
    <h2>Images</h2>
    {{#pictures}}
    <figure><img src="{{file}}" alt="{{caption}}" width="{{width}}" height="{{height}}" loading="lazy"><figcaption>{{caption}}</figcaption></figure>
    {{/pictures}}
    {{/hasPictures}}
    {{#hasSpec}}
    <h2>Specification</h2>
    <details><summary>Everything that its numbers depend on</summary>
    <pre><code>{{spec}}</code></pre>
    </details>
    {{/hasSpec}}

    """#
}
